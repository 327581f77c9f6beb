import { topics } from '@rapport/contracts'
import { StoreUnavailableError } from '@rapport/online-store'
import { expect, it } from 'vitest'
import { override } from '../testing/override.ts'
import { startIngestion } from '../testing/start-ingestion.ts'

const record = (id: string, value: string) => ({
  topic: topics.items.name,
  key: `shop/${id}`,
  value: Buffer.from(value),
})
const item = (id: string) =>
  JSON.stringify({ tenant: 'shop', id, version: 3, updatedAt: '2026-01-01T00:00:00.000Z', body: {} })

it('does not keep a process from stopping while the online store is away', async () => {
  let reads = 0
  await using running = await startIngestion({
    wrapOnlineStore: (store) =>
      override(store, {
        readDocuments: () => {
          reads += 1
          return Promise.reject(new StoreUnavailableError('the store is away'))
        },
      }),
  })
  await running.eventLog.publish([record('lamp', item('lamp'))])
  await running.repair()
  expect(reads).toBeGreaterThan(0)
})

it('leaves out a record that is no item, and repairs the others', async () => {
  await using running = await startIngestion()
  await running.eventLog.publish([record('broken', '{"no'), record('alien', '[]'), record('lamp', item('lamp'))])
  await running.repair()
  const response = await running.app.inject({ url: '/v1/items/lamp', headers: { 'x-api-key': running.key } })
  expect(response.json()).toMatchObject({ id: 'lamp', version: 3 })
})
