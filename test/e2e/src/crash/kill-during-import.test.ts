import { setTimeout } from 'node:timers/promises'
import { RapportConnectionError, type BatchEvent } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import type { PlatformProcess } from '../support/platform-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const eventCount = 50_000
const userCount = 500
const itemCount = 200
const batchSize = 250
const kills = 10

const userOf = (index: number): string => `u${(index * 7919) % userCount}`
const itemOf = (index: number): string => `i${(index * 104_729) % itemCount}`
const firstAtMs = Date.parse('2026-01-01T00:00:00Z')

const toEvent = (index: number): BatchEvent => ({
  type: 'track',
  messageId: `m${index}`,
  userId: userOf(index),
  event: 'Product Viewed',
  timestamp: new Date(firstAtMs + index * 1000).toISOString(),
  properties: { product_id: itemOf(index) },
})

/** Sends batches until the process goes, or all are acknowledged. */
async function sendUntilGone(platform: PlatformProcess, unacknowledged: Set<number>): Promise<void> {
  while (unacknowledged.size > 0) {
    const start = unacknowledged.values().next().value ?? 0
    const indices = Array.from({ length: batchSize }, (_, index) => start + index)
    try {
      const answer = await platform.client.importEvents(indices.map(toEvent))
      expect(answer.accepted).toBe(batchSize)
    } catch (error) {
      if (error instanceof RapportConnectionError) return
      throw error
    }
    unacknowledged.delete(start)
  }
}

async function countsBy(
  platform: PlatformProcess,
  kind: 'user' | 'item',
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const feature = 'count:all:Product Viewed'
  const counts = new Map<string, number>()
  for (let start = 0; start < ids.length; start += 200) {
    const { entities } = await platform.client.http.json<{
      entities: { id: string; features: Record<string, { value: number | null }> }[]
    }>({
      method: 'POST',
      path: '/v1/features',
      body: { entities: ids.slice(start, start + 200).map((id) => ({ kind, id })), features: [feature] },
    })
    for (const { id, features } of entities) counts.set(id, features[feature]?.value ?? 0)
  }
  return counts
}

const tally = (nameOf: (index: number) => string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (let index = 0; index < eventCount; index += 1) counts.set(nameOf(index), (counts.get(nameOf(index)) ?? 0) + 1)
  return counts
}

const exportState = async (platform: PlatformProcess): Promise<string> =>
  (await platform.client.http.send({ method: 'GET', path: '/v1/state/export' })).text()

test(
  'killed ten times during an import, every acknowledged event is applied exactly once, and a rebuild agrees',
  { timeout: 300_000 },
  async () => {
    await using folder = await temporaryFolder()
    const unacknowledged = new Set(Array.from({ length: eventCount / batchSize }, (_, batch) => batch * batchSize))
    for (let round = 0; round < kills; round += 1) {
      const platform = await startPlatformProcess({ dataDir: folder.path })
      const before = unacknowledged.size
      const sending = sendUntilGone(platform, unacknowledged)
      // The moment is random on purpose: each run tries other ones. Between them they fall into every phase of the import.
      await vi.waitFor(() => expect(unacknowledged.size).toBeLessThan(before), { timeout: 30_000, interval: 5 })
      await setTimeout(Math.random() * 150)
      await platform.kill()
      await sending
      // The fault has happened: the process was killed in the middle of the import.
      expect(unacknowledged.size, `batches left after kill ${round + 1}`).toBeGreaterThan(0)
    }
    await using platform = await startPlatformProcess({ dataDir: folder.path })
    await sendUntilGone(platform, unacknowledged)
    expect(unacknowledged.size).toBe(0)

    const byUser = tally(userOf)
    await vi.waitFor(async () => expect(await countsBy(platform, 'user', [...byUser.keys()])).toEqual(byUser), {
      timeout: 60_000,
      interval: 500,
    })
    const byItem = tally(itemOf)
    await vi.waitFor(async () => expect(await countsBy(platform, 'item', [...byItem.keys()])).toEqual(byItem), {
      timeout: 30_000,
      interval: 500,
    })

    const live = await exportState(platform)
    expect(live.split('\n').length).toBeGreaterThan(userCount + itemCount)
    const { id } = await platform.client.http.json<{ id: string }>({ method: 'POST', path: '/v1/state/rebuild' })
    await vi.waitFor(
      async () => {
        const job = await platform.client.http.json({ method: 'GET', path: `/v1/state/rebuild/${id}` })
        expect(job).toMatchObject({ state: 'done' })
      },
      { timeout: 120_000, interval: 500 },
    )
    expect(await exportState(platform)).toBe(live)
  },
)
