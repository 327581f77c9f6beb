import { join } from 'node:path'
import { deadLetterKey, inboxTopic, operatorTenant, topics, type Event } from '@rapport/contracts'
import { readDeadLetter, type EventLog } from '@rapport/messaging'
import { produceForeign } from '@rapport/messaging/foreign-producer'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { readAll } from './harness/read-all.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

const WAIT = { timeout: 60_000, interval: 50 }
const inbox = inboxTopic(operatorTenant)
const group = 'rapport.inbox'
const perPartition = 500
/** One in so many is no event. */
const badEvery = 25

const bad = [
  ['RPT_INBOX_MALFORMED', '{"no'],
  ['RPT_INBOX_INVALID', JSON.stringify({ type: 'shout', userId: 'ada' })],
  ['RPT_INBOX_INVALID', JSON.stringify({ type: 'page', userId: 'ada', properties: { text: 'x'.repeat(40_000) } })],
] as const
const badAt = (offset: number) => (offset % badEvery === badEvery - 1 ? bad[offset % bad.length] : undefined)

/** Half of the producers name their events; those of the others are named by their places. */
const messageIdAt = (partition: number, offset: number): string =>
  partition % 2 === 0 ? `named-${partition}-${offset}` : `${inbox.name}/${partition}/${offset}`

function valueAt(partition: number, offset: number): string {
  const event = {
    ...(partition % 2 === 0 ? { messageId: messageIdAt(partition, offset) } : {}),
    type: 'track',
    event: 'Product Viewed',
    userId: `user-${(partition + offset) % 50}`,
    properties: { product_id: `item-${offset % 7}` },
  }
  return badAt(offset)?.[1] ?? JSON.stringify(event)
}

async function recordsBehind(eventLog: EventLog): Promise<number> {
  const done = await eventLog.checkpoints(group, inbox.name)
  const extents = await eventLog.extents(inbox.name)
  return extents.reduce(
    (sum, { partition, nextOffset }) => sum + nextOffset - (done.get(partition)?.nextOffset ?? 0),
    0,
  )
}

it(
  'records that others produce to an inbox count once each while one of two processes of ingestion is killed',
  { timeout: 360_000 },
  async () => {
    const installation = owned.use(
      await startInstallation({ inboxTenants: [operatorTenant], processes: { ingestion: 2 } }),
    )
    const { eventLog } = owned.use(await installation.connect())
    const [first, second] = installation.processes.ingestion
    if (first === undefined || second === undefined) throw new Error('there are no two processes')
    const partitions = Array.from({ length: inbox.partitions }, (_, partition) => partition)
    let produced = 0
    const produce = async (count: number): Promise<void> => {
      const offsets = Array.from({ length: count }, (_, index) => produced + index)
      const records = partitions.flatMap((partition) =>
        offsets.map((offset) => ({ topic: inbox.name, partition, value: Buffer.from(valueAt(partition, offset)) })),
      )
      await produceForeign(installation.kafka.brokers, records, 'zstd')
      produced += count
    }
    const taken = (process: typeof first) => process.metric('rapport_events_accepted_total{route="inbox"}')

    // Both have a share.
    await vi.waitFor(async () => {
      await produce(1)
      expect(await taken(first)).toBeGreaterThan(0)
      expect(await taken(second)).toBeGreaterThan(0)
    }, WAIT)
    const before = await taken(second)
    await produce(perPartition - 1)
    await first.kill()
    expect(first.isRunning).toBe(false)
    await produce(perPartition)
    // What it held waits until its session has ended; nobody else has it yet.
    expect(await recordsBehind(eventLog)).toBeGreaterThan(perPartition)
    await vi.waitFor(async () => expect(await recordsBehind(eventLog)).toBe(0), WAIT)
    expect(first.isRunning).toBe(false)
    expect(await taken(second)).toBeGreaterThan(before + perPartition)
    await first.start()
    await produce(perPartition)
    await vi.waitFor(async () => expect(await recordsBehind(eventLog)).toBe(0), WAIT)

    const places = partitions.flatMap((partition) =>
      Array.from({ length: produced }, (_, offset) => ({ topic: inbox.name, partition, offset })),
    )
    const good = places.filter(({ offset }) => badAt(offset) === undefined)
    const stored = (await readAll(eventLog, topics.events.name)).map(
      ({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as Event,
    )
    expect(new Set(stored.map(({ messageId }) => messageId))).toEqual(
      new Set(good.map(({ partition, offset }) => messageIdAt(partition, offset))),
    )
    expect(new Set(stored.map(({ tenant, source }) => `${tenant} ${source}`))).toEqual(
      new Set([`${operatorTenant} inbox`]),
    )
    const letters = new Map(
      (await readAll(eventLog, topics.eventsDeadLetters.name)).map((letter) => [letter.key, readDeadLetter(letter)]),
    )
    const refused = places.filter(({ offset }) => badAt(offset) !== undefined)
    expect(new Set(letters.keys())).toEqual(new Set(refused.map(deadLetterKey)))
    for (const place of refused) {
      const [code, text] = badAt(place.offset) ?? []
      expect(letters.get(deadLetterKey(place))).toMatchObject({ ...place, key: '', group, code })
      expect(letters.get(deadLetterKey(place))?.value).toBe(Buffer.from(text ?? '').toString('base64'))
    }
    const folder = owned.use(await temporaryFolder())
    const nothingPosted = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    expect(await takeBalance(installation, nothingPosted)).toMatchObject({
      ...nothingAmiss,
      stored: good.length,
      deadLettered: refused.length,
    })
  },
)
