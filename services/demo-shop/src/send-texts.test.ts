import { RapportApiError, type RapportClient } from '@rapport/sdk'
import { expect, it, vi } from 'vitest'
import { createShop } from './history.ts'
import { sendTexts } from './send-texts.ts'

const endMs = Date.parse('2026-03-01T00:00:00Z')
const unknown = new RapportApiError(404, undefined)

function aClient(models: () => Promise<readonly object[]>) {
  const importEvents = vi.fn<(events: readonly { event?: string }[]) => Promise<void>>(() => Promise.resolve())
  const client = {
    sentiment: { models },
    text: { models },
    http: { json: () => Promise.reject(unknown) },
    importEvents,
    identify: vi.fn<() => Promise<void>>(() => Promise.resolve()),
  }
  return { client: client as unknown as RapportClient, importEvents }
}

it('sends what visitors wrote when there are models that understand it, and nothing else', async () => {
  const models = vi
    .fn<() => Promise<readonly object[]>>()
    .mockRejectedValueOnce(new Error('not yet'))
    .mockResolvedValueOnce([])
    .mockResolvedValue([{ name: 'sentiment' }])
  const { client, importEvents } = aClient(models)
  const { signal } = new AbortController()
  const sent = await sendTexts({ client, shop: createShop(1), endMs, signal, pollMs: 0 })
  const names = importEvents.mock.calls.flatMap(([events]) => events.map(({ event }) => event))
  expect(names).toHaveLength(sent)
  expect(new Set(names)).toEqual(new Set(['Product Reviewed', 'Support Ticket Created']))
  expect(models.mock.calls.length).toBeGreaterThan(2)
})

it('does not wait for ever, and not at all for a shop that closes', async () => {
  const { client, importEvents } = aClient(() => Promise.resolve([]))
  const shop = createShop(1)
  const closing = AbortSignal.abort()
  expect(await sendTexts({ client, shop, endMs, signal: closing })).toBe(0)
  expect(importEvents).not.toHaveBeenCalled()
  const { signal } = new AbortController()
  expect(await sendTexts({ client, shop, endMs, signal, pollMs: 0, looks: 2 })).toBeGreaterThan(100)
})
