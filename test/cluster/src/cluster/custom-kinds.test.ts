import { expect, it } from 'vitest'
import { toStructural } from './custom-kinds.ts'

it('makes of a strict schema one that the API server takes', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['size'],
    properties: {
      size: { type: ['integer', 'null'], minimum: 1, description: 'how many' },
      port: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      anything: { type: 'object' },
      list: { type: 'array', items: {} },
    },
  }
  expect(toStructural(schema)).toEqual({
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', nullable: true, minimum: 1 },
      port: { 'x-kubernetes-int-or-string': true },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      list: { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } },
    },
  })
})
