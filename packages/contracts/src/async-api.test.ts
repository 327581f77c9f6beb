import specification from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { describeTopics, publicTopics } from './async-api.ts'

describe('the AsyncAPI document', () => {
  const document = describeTopics({ title: 'Rapport', version: '1.2.3' })

  it('is one by the schema of AsyncAPI 3.0', () => {
    const check = new Ajv({ strict: false, meta: false, logger: false, validateFormats: false }).compile(specification)
    const plain = JSON.parse(JSON.stringify(document)) as object
    expect(check(plain), JSON.stringify(check.errors)).toBe(true)
    expect(check({ ...plain, channels: { events: { address: 7 } } })).toBe(false)
  })

  it('describes each public topic once, as its operation and its message name it', () => {
    expect(document).toMatchObject({
      channels: { inbox: { address: 'rapport.inbox.{tenant}.v1' }, events: { address: 'rapport.events.v1' } },
      operations: { 'receive-inbox': { action: 'receive' }, 'send-events': { action: 'send' } },
      components: { messages: { items: { payload: { anyOf: [{ type: 'object' }, { type: 'null' }] } } } },
    })
    expect(new Set(publicTopics.map(({ name }) => name)).size).toBe(publicTopics.length)
  })
})
