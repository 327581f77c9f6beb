/** Archives with planted taste, for the tests. */
import { gzipSync } from 'node:zlib'
import { type Event, eventKey, type Item, itemKey, type TrainingJob, topics, trainingJobKey } from '@rapport/contracts'
import { archiveFileName, type ObjectStore, toArchiveLine } from '@rapport/object-store'

export const startMs = Date.parse('2026-01-01T00:00:00.000Z')
const hourMs = 3_600_000

/** A small generator of known quality (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type EventFields = Partial<Event> & { readonly atMs: number }

let eventCount = 0
export function makeEvent({ atMs, ...fields }: EventFields): Event {
  eventCount += 1
  const time = new Date(atMs).toISOString()
  return {
    messageId: `m${eventCount}`,
    tenant: 'shop',
    source: 'test',
    type: 'track',
    event: 'Product Viewed',
    timestamp: time,
    originalTimestamp: time,
    receivedAt: time,
    version: 1,
    ...fields,
  }
}

export const view = (userId: string, itemId: string, atMs: number): Event =>
  makeEvent({ userId, properties: { product_id: itemId }, atMs })

/**
 * Two groups of visitors with two groups of items: nine of ten acts stay within the own group. Every item of a group is as
 * popular as any other, so popularity alone finds little. Visitors come back all through the time span.
 */
export function twoTastes(options: { visitors: number; itemsOfGroup: number; acts: number; seed?: number }): Event[] {
  const random = seededRandom(options.seed ?? 1)
  const pick = (count: number): number => Math.floor(random() * count)
  return Array.from({ length: options.acts }, (_, act) => {
    const visitor = pick(options.visitors)
    const group = random() < 0.9 ? visitor % 2 : 1 - (visitor % 2)
    const itemId = `${group === 0 ? 'tea' : 'coffee'}-${pick(options.itemsOfGroup)}`
    const event = random() < 0.15 ? 'Order Completed' : 'Product Viewed'
    const properties = event === 'Order Completed' ? { products: [{ product_id: itemId }] } : { product_id: itemId }
    return makeEvent({ userId: `user-${visitor}`, event, properties, atMs: startMs + act * (hourMs / 60) })
  })
}

async function archive(
  objects: ObjectStore,
  topic: string,
  records: readonly { readonly key: string; readonly value: unknown }[],
): Promise<void> {
  const filesOf = 500
  for (let first = 0; first < records.length; first += filesOf) {
    const part = records.slice(first, first + filesOf)
    const lines = part.map(({ key, value }, at) =>
      toArchiveLine({ offset: first + at, appendedAtMs: startMs, key, value: Buffer.from(JSON.stringify(value)) }),
    )
    const last = first + part.length - 1
    await objects.put(archiveFileName({ tenant: 'shop', topic, partition: 0, first, last }), gzipSync(lines.join('')))
  }
}

export const archiveEvents = (objects: ObjectStore, events: readonly Event[]): Promise<void> =>
  archive(
    objects,
    topics.events.name,
    events.map((value) => ({ key: eventKey(value), value })),
  )

export const archiveItems = (objects: ObjectStore, items: readonly Item[]): Promise<void> =>
  archive(
    objects,
    topics.items.name,
    items.map((value) => ({ key: itemKey(value.tenant, value.id), value })),
  )

export const jobRef = { tenant: 'shop', id: 'recommender-000001' } as const

export async function putJob(objects: ObjectStore, fields: Partial<TrainingJob> = {}): Promise<TrainingJob> {
  const job: TrainingJob = {
    ...jobRef,
    task: 'recommender',
    model: 'recommender',
    state: 'queued',
    reason: 'request',
    eventCount: 0,
    budgetSeconds: 2,
    requestedAt: new Date(startMs).toISOString(),
    attempts: 0,
    ...fields,
  }
  await objects.put(trainingJobKey(job.tenant, job.id), new TextEncoder().encode(JSON.stringify(job)))
  return job
}

export async function readJob(objects: ObjectStore): Promise<TrainingJob> {
  const found = await objects.get(trainingJobKey(jobRef.tenant, jobRef.id))
  return JSON.parse(new TextDecoder().decode(found?.body)) as TrainingJob
}

/** What the control plane does when somebody cancels a running job. */
export async function requestCancel(objects: ObjectStore): Promise<void> {
  const key = trainingJobKey(jobRef.tenant, jobRef.id)
  for (;;) {
    const found = await objects.get(key)
    if (found === undefined) throw new Error('no job to cancel')
    const job = JSON.parse(new TextDecoder().decode(found.body)) as TrainingJob
    const changed = new TextEncoder().encode(JSON.stringify({ ...job, cancelRequestedAt: new Date().toISOString() }))
    if ((await objects.put(key, changed, { ifMatch: found.object.etag })).stored) return
  }
}
