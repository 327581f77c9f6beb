import { Type, type Static } from 'typebox'
import { ModelNameSchema } from './control.ts'
import { TextRuleNameSchema } from './labelled-texts.ts'

const closed = { additionalProperties: false } as const

/** Which texts of events are labelled. */
export const TextRuleSchema = Type.Object(
  {
    name: Type.Unsafe<string>({
      ...TextRuleNameSchema,
      description: 'In the `messageId` of what it finds; no two rules of a service have the same.',
    }),
    event: Type.String({ minLength: 1, maxLength: 256, description: 'Name of the `track` events that have the text.' }),
    properties: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      minItems: 1,
      maxItems: 8,
      description: 'The text: those of these properties that hold one, in this order, a line each.',
    }),
    model: Type.Optional(
      Type.Unsafe<string>({
        ...ModelNameSchema,
        description: 'Whose champion labels it; the service’s own if not given.',
      }),
    ),
  },
  closed,
)
export type TextRule = Static<typeof TextRuleSchema>

/** `GET` and `PUT` of `/v1/text/rules` and `/v1/sentiment/rules`. */
export const TextRulesSchema = Type.Object(
  {
    revision: Type.Integer({
      minimum: 0,
      description: 'Of the rules that were read; 0 for the built-in ones. A PUT names the one that it replaces.',
    }),
    rules: Type.Array(TextRuleSchema, { maxItems: 32, description: 'None: the tenant’s events are not labelled.' }),
  },
  closed,
)
export type TextRules = Static<typeof TextRulesSchema>

/** Of a tenant that has set none: the names of Segment’s specs for e-commerce and for live chat, and tickets. */
export const defaultTextRules: readonly TextRule[] = [
  { name: 'review', event: 'Product Reviewed', properties: ['review_title', 'review', 'review_body'] },
  { name: 'ticket', event: 'Support Ticket Created', properties: ['subject', 'body', 'message', 'description'] },
  { name: 'chat', event: 'Live Chat Message Sent', properties: ['message_body', 'message'] },
]

/** Everything of a tenant lies below this. */
export const textRulesPrefix = (tenant: string): string => `text-rules/${tenant}/`
export const textRulesKey = (tenant: string, service: string): string => `${textRulesPrefix(tenant)}${service}.json`
