import { Type } from 'typebox'

/**
 * What answers of the Open Inference Protocol v2 (REST) look like, written from its specification and not from the schemas
 * of our own routes: a mistake there must not be one here.
 */

const closed = { additionalProperties: false } as const
const names = ['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'FP32', 'FP64']
const DatatypeForm = Type.Union([...names, 'BYTES'].map((name) => Type.Literal(name)))
const ParametersForm = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))
const NameForm = Type.String({ minLength: 1 })

export const ServerForm = Type.Object(
  { name: NameForm, version: NameForm, extensions: Type.Array(Type.String()) },
  closed,
)

/** The specification has `live` here too; servers and clients of it have `ready`. */
export const ServerReadyForm = Type.Object({ live: Type.Boolean(), ready: Type.Boolean() }, closed)
export const ServerLiveForm = Type.Object({ live: Type.Boolean() }, closed)
export const ModelReadyForm = Type.Object({ name: NameForm, ready: Type.Boolean() }, closed)

const ServedTensorForm = Type.Object(
  { name: NameForm, datatype: DatatypeForm, shape: Type.Array(Type.Integer({ minimum: -1 })) },
  closed,
)
export const ModelForm = Type.Object(
  {
    name: NameForm,
    versions: Type.Optional(Type.Array(NameForm)),
    platform: Type.String({ pattern: '^[a-z0-9]+_[a-z0-9-]+$' }),
    inputs: Type.Array(ServedTensorForm),
    outputs: Type.Array(ServedTensorForm),
  },
  closed,
)

const TensorForm = Type.Object(
  {
    name: NameForm,
    shape: Type.Array(Type.Integer({ minimum: 0 })),
    datatype: DatatypeForm,
    parameters: Type.Optional(ParametersForm),
    // Of the two ways the flat one; every answer of ours takes it.
    data: Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  },
  closed,
)
export const InferenceForm = Type.Object(
  {
    model_name: NameForm,
    model_version: Type.Optional(NameForm),
    id: Type.Optional(Type.String()),
    parameters: Type.Optional(ParametersForm),
    outputs: Type.Array(TensorForm),
  },
  closed,
)

export const ErrorForm = Type.Object({ error: NameForm }, closed)
