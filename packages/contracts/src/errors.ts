import { Type, type Static } from 'typebox'

/** The body of every answer with a status of 400 or more. */
export const ErrorBodySchema = Type.Object(
  {
    error: Type.Object({
      /** Stable, `RPT_<AREA>_<WHAT>`. */
      code: Type.String(),
      message: Type.String(),
      requestId: Type.String(),
      /** What is wrong, field by field; never on a 5xx. */
      details: Type.Optional(
        Type.Array(
          Type.Object({
            field: Type.String(),
            reason: Type.String(),
            /** Position in a batch. */
            index: Type.Optional(Type.Integer()),
          }),
        ),
      ),
    }),
  },
  { $id: 'Error' },
)
export type ErrorBody = Static<typeof ErrorBodySchema>
