import { Type, type TProperties, type TSchema } from 'typebox'
import {
  atLeastOne,
  ClientIdSchema,
  ClientTimeSchema,
  fieldsByType,
  JsonObjectSchema,
  name,
  OptionalTextSchema,
  PresentIdSchema,
} from './client-fields.ts'
import { eventTypes, type EventType } from './events.ts'
import { ingestionLimits } from './ingestion-limits.ts'

const anyCase = (word: string): string => word.replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`)
/** Media types of JSON, with their parameters. */
export const jsonMediaTypePattern = `^[ \\t]*(?:${anyCase('application')}|${anyCase('text')})/(?:[A-Za-z0-9.+-]*\\+)?${anyCase('json')}[ \\t]*(?:;.*)?$`

const isPresent = (attribute: string) => ({
  required: [attribute],
  properties: { [attribute]: { not: { enum: ['', null] } } },
})
const isPresentInData = (field: string) => ({
  required: ['data'],
  properties: { data: { type: 'object', required: [field], properties: { [field]: PresentIdSchema } } },
})
const inData = (properties: TProperties) => ({ properties: { data: { properties } } })

/** A field of `data` is looked at only when the attribute that goes before it is not there. */
const either = (attribute: string, field: string, schema: TSchema) => ({
  anyOf: [isPresent(attribute), inData({ [field]: schema })],
})

/** A CloudEvent whose type is a call: its data is the call's body, its ids and its time may stand in attributes. */
function callInCloudEvent(type: EventType) {
  const { userId: _userId, ...fields }: TProperties = fieldsByType[type]
  const needed = (['event', 'groupId', 'previousId'] as const).filter((field) => field in fields)
  const visitor = ['subject', 'userid'].map(isPresent)
  return {
    properties: { type: { const: type } },
    allOf: [
      inData({ context: JsonObjectSchema, ...fields }),
      either('time', 'timestamp', ClientTimeSchema),
      ...(needed.length === 0
        ? []
        : [{ required: ['data'], properties: { data: { type: 'object', required: needed } } }]),
      ...(type === 'alias' ? [{ anyOf: [...visitor, isPresentInData('userId')] }] : []),
    ],
  }
}

const isNoCall = { properties: { type: { not: { enum: [...eventTypes] } } } }

/** A CloudEvent 1.0 in the JSON format (structured mode, and each element of a batch). */
export const CloudEventSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: name(1),
    source: name(1),
    type: name(1),
    subject: OptionalTextSchema,
    time: Type.Optional(ClientTimeSchema),
    datacontenttype: Type.Optional(Type.Union([Type.String({ pattern: jsonMediaTypePattern }), Type.Null()])),
    userid: OptionalTextSchema,
    anonymousid: OptionalTextSchema,
    data: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
    data_base64: Type.Optional(Type.Null({ description: 'Binary data is not taken.' })),
  },
  {
    allOf: [
      {
        anyOf: [
          ...['subject', 'userid', 'anonymousid'].map(isPresent),
          ...['userId', 'anonymousId'].map(isPresentInData),
        ],
      },
      either('userid', 'userId', ClientIdSchema),
      either('anonymousid', 'anonymousId', ClientIdSchema),
      { anyOf: [isNoCall, ...eventTypes.map(callInCloudEvent)] },
    ],
  },
)
export const CloudEventBatchSchema = atLeastOne(CloudEventSchema, ingestionLimits.batchEvents)
