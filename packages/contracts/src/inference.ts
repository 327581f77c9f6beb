import { Type, type Static } from 'typebox'

/** Bodies of the Open Inference Protocol v2 (REST), as services that serve models speak it below their own prefix. */

const ParametersSchema = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))
const ShapeSchema = Type.Array(Type.Integer({ minimum: 0 }))

const ServedTensorSchema = Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Integer(), { description: '-1 where any size is taken.' }),
})

export const InferenceServerSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String()),
})
export const InferenceLiveSchema = Type.Object({ live: Type.Boolean() })
/** The specification has `live` here, and its servers and clients have `ready`. */
export const InferenceReadySchema = Type.Object({ live: Type.Boolean(), ready: Type.Boolean() })
export const InferenceModelReadySchema = Type.Object({ name: Type.String(), ready: Type.Boolean() })

export const InferenceModelSchema = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String(), { description: 'Newest first.' }),
  platform: Type.String(),
  inputs: Type.Array(ServedTensorSchema),
  outputs: Type.Array(ServedTensorSchema),
})
export type InferenceModel = Static<typeof InferenceModelSchema>

export const InferenceRequestSchema = Type.Object(
  {
    id: Type.Optional(Type.String({ description: 'Given back.' })),
    parameters: Type.Optional(ParametersSchema),
    inputs: Type.Array(
      Type.Object({
        name: Type.String(),
        shape: ShapeSchema,
        datatype: Type.String(),
        parameters: Type.Optional(ParametersSchema),
        data: Type.Array(Type.Unknown(), { description: 'Flat in row-major order, or nested as the shape is.' }),
      }),
    ),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), parameters: Type.Optional(ParametersSchema) }), {
        description: 'Those that are wanted; all when absent.',
      }),
    ),
  },
  {
    examples: [
      { inputs: [{ name: 'text', datatype: 'BYTES', shape: [2], data: ['Where is my parcel?', '质量很好'] }] },
    ],
  },
)
export type InferenceRequest = Static<typeof InferenceRequestSchema>

export const InferenceResponseSchema = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  outputs: Type.Array(
    Type.Object({
      name: Type.String(),
      shape: ShapeSchema,
      datatype: Type.String(),
      data: Type.Array(Type.Union([Type.String(), Type.Number()]), { description: 'Flat, in row-major order.' }),
    }),
  ),
})
export type InferenceResponse = Static<typeof InferenceResponseSchema>
export type InferenceTensor = InferenceResponse['outputs'][number]

/** The body of every answer of the protocol with a status of 400 or more. */
export const InferenceErrorSchema = Type.Object({ error: Type.String() }, { description: 'Why there is no answer.' })
export type InferenceError = Static<typeof InferenceErrorSchema>
