import { CloudEvent, emitterFor, httpTransport, Mode } from 'cloudevents'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startClientPlatform, type ClientPlatform } from './client-platform.ts'

let platform: ClientPlatform
beforeEach(async () => {
  platform = await startClientPlatform()
})
afterEach(() => platform[Symbol.asyncDispose]())

const happenedAt = new Date(Date.now() - 3_600_000).toISOString()
const event = () =>
  new CloudEvent({
    id: 'ce-1',
    source: '/shop/web',
    type: 'com.example.order.completed.v1',
    subject: 'ada',
    time: happenedAt,
    data: { order_id: 'o-1', products: [{ product_id: 'tea', price: 12.5, quantity: 2 }] },
  })
const expected = {
  messageId: 'ce-1',
  source: '/shop/web',
  type: 'track',
  event: 'Order Completed',
  userId: 'ada',
  originalTimestamp: happenedAt,
  timestamp: happenedAt,
  properties: { order_id: 'o-1', products: [{ product_id: 'tea', price: 12.5, quantity: 2 }] },
}

describe('the CloudEvents client for Node, unmodified', () => {
  it.each([Mode.BINARY, Mode.STRUCTURED])('sends in %s mode', async (mode) => {
    const emit = emitterFor(httpTransport(`${platform.url}/v1/events`), { mode })
    await emit(event(), { headers: { 'x-api-key': platform.key } })
    expect(platform.statuses).toEqual([200])
    expect(await platform.events()).toMatchObject([expected])
  })

  it('makes the elements of a batch', async () => {
    const answer = await fetch(`${platform.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json', authorization: `Bearer ${platform.key}` },
      body: JSON.stringify([
        event(),
        event().cloneWith({ id: 'ce-2', type: 'identify', data: { traits: { age: 3 } } }),
      ]),
    })
    expect(await answer.json()).toEqual({ success: true, accepted: 2, rejected: [] })
    expect(await platform.events()).toMatchObject([
      expected,
      { messageId: 'ce-2', type: 'identify', traits: { age: 3 } },
    ])
  })
})
