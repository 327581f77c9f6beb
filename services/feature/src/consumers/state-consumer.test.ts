import {
  featureGroup,
  forgetCommandKey,
  statePartitionCount,
  stateTopics,
  topics,
  type DeadLetterRecord,
  type Event,
  type StateCommand,
} from '@rapport/contracts'
import { readEvent, type TimedEvent } from '@rapport/features'
import { StoreUnavailableError, type Application, type OnlineStore } from '@rapport/online-store'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyRecords } from '../application/apply-records.ts'
import { anEvent, noonMs, toRecord } from '../testing/events.ts'
import { atGate } from '../testing/gate.ts'
import { createHarness, exportText, testConfig, type Harness } from '../testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

const topic = topics.events.name
const wait = { timeout: 20_000, interval: 10 }

function timed(event: Event): TimedEvent {
  const { key, value } = toRecord(event)
  const reading = readEvent(key, value)
  if (!reading.ok) throw new Error(reading.refusal.reason)
  return reading.value
}

const apply = (store: OnlineStore, partition: number, events: readonly (readonly [offset: number, event: Event])[]) =>
  applyRecords(
    store,
    { topic, partition, records: events.map(([offset, event]) => ({ offset, record: timed(event) })) },
    { dedupWindowMs: testConfig.dedupWindowMs },
  )

/** A store that fails once, before the first call that has an entity of the kind. */
function failingOnce(store: OnlineStore, kind: string): OnlineStore & { readonly failures: number } {
  let failures = 0
  return new Proxy(store as OnlineStore & { readonly failures: number }, {
    get(target, name) {
      if (name === 'failures') return failures
      if (name === 'apply') {
        return (applications: readonly Application[]) => {
          if (failures > 0 || !applications.some(({ entity }) => entity.kind === kind))
            return target.apply(applications)
          failures += 1
          throw new StoreUnavailableError('the store went away')
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

describe('applying events', () => {
  it('counts a redelivered batch once and a copy at another offset not at all', async () => {
    const { onlineStore } = harness.dependencies
    const [first, second] = [anEvent(), anEvent({ items: ['i2'] })]
    expect(
      await apply(onlineStore, 0, [
        [0, first],
        [1, second],
      ]),
    ).toEqual({ applied: 2, redelivered: 0, duplicate: 0 })
    const once = await harness.exported()
    expect(
      await apply(onlineStore, 0, [
        [0, first],
        [1, second],
      ]),
    ).toEqual({ applied: 0, redelivered: 2, duplicate: 0 })
    expect(await apply(onlineStore, 0, [[2, first]])).toEqual({ applied: 0, redelivered: 0, duplicate: 1 })
    expect(await harness.exported()).toBe(once)
    expect(once).toContain('"kind":"item","id":"i2"')
  })

  it('measures how fresh what it applies is, and of a copy nothing', async () => {
    const metrics = new Registry()
    const event = anEvent({ atMs: Date.now() - 2_000 })
    const late = anEvent({ atMs: Date.now() - 3_600_000 })
    await harness.publish([event, event, late])
    await harness.startConsuming({ metrics })
    await harness.settled()
    const text = await metrics.getSingleMetricAsString('rapport_feature_freshness_seconds')
    const bucket = (le: string): string | undefined =>
      text.split('\n').find((line) => line.includes(`le="${le}",topic="${topic}"`))
    expect(bucket('1')).toMatch(/ 0$/)
    expect(bucket('1800')).toMatch(/ 1$/)
    expect(bucket('+Inf')).toMatch(/ 2$/)
  })

  it('lets a copy through when the window has passed', async () => {
    const { onlineStore } = harness.dependencies
    const event = anEvent()
    const later = anEvent({ atMs: noonMs + 25 * 3600 * 1000 })
    const outcomes = await apply(onlineStore, 0, [
      [0, event],
      [1, later],
      [2, { ...event, receivedAt: later.receivedAt }],
    ])
    expect(outcomes).toEqual({ applied: 3, redelivered: 0, duplicate: 0 })
  })

  it('visits the items again when the first delivery ended between user and items', async () => {
    const store = failingOnce(harness.dependencies.onlineStore, 'item')
    const events = [anEvent(), anEvent({ userId: 'u2', items: ['i1', 'i2'] })]
    const numbered = events.map((event, offset) => [offset, event] as const)
    await expect(apply(store, 0, numbered)).rejects.toThrow('went away')
    expect(store.failures).toBe(1)
    expect(await harness.exported()).not.toContain('"kind":"item"')
    expect((await apply(store, 0, numbered)).redelivered).toBe(2)

    await using other = await createHarness()
    await apply(other.dependencies.onlineStore, 0, numbered)
    expect(await harness.exported()).toBe(await other.exported())
  })

  it('keeps a link of an anonymous id that is the visitor of a later event of the same batch', async () => {
    const { onlineStore } = harness.dependencies
    const link = anEvent({ type: 'identify', userId: 'u1', anonymousId: 'a1' })
    await apply(onlineStore, 0, [
      [0, link],
      [1, anEvent({ anonymousId: 'a1' })],
    ])
    const text = await harness.exported()
    expect(text).toContain('{"kind":"anonymous","id":"a1","part":"earliest/links","field":"u1"')
  })

  it('reaches the same state whatever the partitions interleave', async () => {
    const partitions = [0, 1, 2].map((partition) =>
      Array.from(
        { length: 40 },
        (_, offset) =>
          [
            offset,
            anEvent({
              userId: `p${partition}-u${offset % 3}`,
              ...(offset % 4 === 0 ? { anonymousId: `a${offset % 5}` } : {}),
              event: offset % 7 === 0 ? 'Order Completed' : 'Product Viewed',
              items: [`i${offset % 6}`, `i${(offset * partition) % 4}`],
              atMs: noonMs + ((offset * 7919) % 50) * 3600 * 1000,
            }),
          ] as const,
      ),
    )
    for (const [partition, events] of partitions.entries())
      await apply(harness.dependencies.onlineStore, partition, events)
    await using other = await createHarness()
    for (let start = 0; start < 40; start += 8) {
      for (const partition of [2, 0, 1]) {
        await apply(other.dependencies.onlineStore, partition, (partitions[partition] ?? []).slice(start, start + 8))
      }
    }
    const text = await harness.exported()
    expect(await other.exported()).toBe(text)
    expect(text.split('\n').length).toBeGreaterThan(200)
  })
})

describe('the event consumer', () => {
  it('applies what is published, and nothing twice over a restart and a store that fails', async () => {
    const store = failingOnce(harness.dependencies.onlineStore, 'item')
    const events = Array.from({ length: 300 }, (_, index) =>
      anEvent({ userId: `u${index % 20}`, items: [`i${index % 9}`] }),
    )
    const first = await harness.startConsuming({ onlineStore: store })
    await harness.publish(events.slice(0, 200))
    await harness.settled()
    expect(store.failures).toBe(1)
    await first[Symbol.asyncDispose]()
    await harness.publish([...events.slice(200), ...events.slice(0, 30)])
    await harness.startConsuming()
    await harness.settled()
    const views = (await harness.exported())
      .split('\n')
      .filter((line) => line.includes('"kind":"item"') && line.includes('"count/Product Viewed","field":"total"'))
    const total = views.reduce((sum, line) => sum + Number(/"amount":(\d+)/.exec(line)?.[1]), 0)
    expect(total).toBe(300)
  })

  it('sends what it cannot read to the dead letters, once, and goes on', async () => {
    const { eventLog } = harness.dependencies
    const good = anEvent()
    await eventLog.publish([
      { topic, key: 'shop/u:u1', value: Buffer.from('{"no":') },
      { topic, key: 'shop/u:u1', value: Buffer.from('{"no":1}') },
      { ...toRecord(good), key: 'shop/u:u2' },
      toRecord(anEvent({ tenant: 'shop/u' })),
      toRecord(good),
    ])
    const service = await harness.startConsuming()
    await harness.settled()
    await service[Symbol.asyncDispose]()
    await harness.startConsuming()
    await harness.publish([anEvent()])
    await harness.settled()
    const letters = await eventLog.read({ topic: `${topic}.dlq`, partition: 0, offset: 0 }, 10)
    const bodies = letters.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as DeadLetterRecord)
    expect(bodies.map(({ code }) => code).sort()).toEqual([
      'RPT_EVENT_INVALID',
      'RPT_EVENT_INVALID',
      'RPT_EVENT_KEY',
      'RPT_EVENT_NOT_JSON',
    ])
    const notJson = bodies.find(({ code }) => code === 'RPT_EVENT_NOT_JSON')
    expect(notJson).toMatchObject({ topic, key: 'shop/u:u1', group: 'rapport.feature' })
    expect(Buffer.from(notJson?.value ?? '', 'base64').toString()).toBe('{"no":')
    expect(await exportText(harness.dependencies.onlineStore, 'shop')).toContain(
      '"id":"u1","part":"count/Product Viewed","field":"total","amount":2',
    )
  })
})

describe('an event that fails in an unknown way', () => {
  it('is a dead letter after its third failure, also beside others like it, and does not hold up its partition', async () => {
    const { eventLog } = harness.dependencies
    const attempts = new Map<string, number>()
    const onlineStore = new Proxy(harness.dependencies.onlineStore, {
      get(target, name) {
        if (name === 'apply') {
          return (applications: readonly Application[]) => {
            const poison = applications
              .flatMap(({ entries }) => entries)
              .find(({ messageId }) => messageId.startsWith('poison'))
            if (poison === undefined) return target.apply(applications)
            if (applications.flatMap(({ entries }) => entries).length === 1)
              attempts.set(poison.messageId, (attempts.get(poison.messageId) ?? 0) + 1)
            throw new TypeError('undefined is not a function')
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    await harness.publish([
      anEvent({ items: ['before'] }),
      anEvent({ messageId: 'poison-1' }),
      anEvent({ items: ['between'] }),
      anEvent({ messageId: 'poison-2' }),
      anEvent({ items: ['after'] }),
    ])
    await harness.startConsuming({ onlineStore })
    await harness.settled()
    expect(attempts).toEqual(
      new Map([
        ['poison-1', 3],
        ['poison-2', 3],
      ]),
    )
    const letters = await eventLog.read({ topic: `${topic}.dlq`, partition: 0, offset: 0 }, 10)
    const bodies = letters.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as DeadLetterRecord)
    expect(bodies.map(({ code, group }) => [code, group])).toEqual([
      ['RPT_CONSUMER_UNKNOWN', 'rapport.feature'],
      ['RPT_CONSUMER_UNKNOWN', 'rapport.feature'],
    ])
    const text = await harness.exported()
    for (const item of ['before', 'between', 'after']) expect(text).toContain(`"kind":"item","id":"${item}"`)
    expect(text).toContain('"id":"u1","part":"count/Product Viewed","field":"total","amount":3')
  })
})

describe('a removed tenant', () => {
  const publishCommand = (command: StateCommand & { readonly tenant: string }): Promise<unknown> =>
    harness.dependencies.eventLog.publish([
      {
        topic: topics.stateCommands.name,
        key: forgetCommandKey(command.tenant),
        value: Buffer.from(JSON.stringify(command)),
      },
    ])
  const all = Array.from({ length: statePartitionCount }, (_, partition) => partition)
  /** By number of the state partition. */
  const ends = async (): Promise<number[]> => {
    const { eventLog } = harness.dependencies
    const extents = await Promise.all(stateTopics.map(({ name }) => eventLog.extents(name)))
    return extents.flat().map(({ nextOffset }) => nextOffset)
  }
  /** The partitions of which the newest command says that it is in force. */
  const taken = async (): Promise<readonly number[]> => {
    const place = { topic: topics.stateCommands.name, partition: 0, offset: 0 }
    const newest = (await harness.dependencies.eventLog.read(place, 100)).at(-1)
    const command = JSON.parse(Buffer.from(newest?.value ?? []).toString()) as StateCommand
    return command.type === 'forget-tenant' ? (command.taken ?? []) : []
  }

  it('does not come back by a rewind, and a later one of its name counts from its first event', async () => {
    const { onlineStore } = harness.dependencies
    const first = await harness.startConsuming()
    await harness.publish([
      ...Array.from({ length: 40 }, (_, n) => anEvent({ userId: `u${n}` })),
      anEvent({ tenant: 'other' }),
    ])
    await harness.settled()
    const other = await harness.exported('other')
    const before = await ends()
    await publishCommand({ type: 'forget-tenant', requestedAt: 'now', tenant: 'shop', before })
    await vi.waitFor(async () => expect(await taken()).toEqual(all), wait)
    await onlineStore.clearState('shop')
    await first[Symbol.asyncDispose]()

    const second = await harness.startConsuming()
    await harness.publish([anEvent({ userId: 'later', items: ['new'] })])
    await harness.settled()
    const later = await harness.exported()
    expect(later).toContain('later')
    expect(later).not.toMatch(/"id":"u\d|"id":"i1"/)
    expect(await harness.exported('other')).toBe(other)
    await second[Symbol.asyncDispose]()

    await harness.startConsuming()
    await harness.publish([anEvent({ tenant: 'other', userId: 'marker' })])
    await harness.settled()
    expect(await harness.exported()).toBe(later)
  })
  it('is answered for by every process, by one that is held up when its batch has ended', async () => {
    const { eventLog, onlineStore } = harness.dependencies
    const gate = atGate((name) => name === 'apply')
    await harness.startConsuming({ onlineStore: gate.before(onlineStore) })
    const second = await harness.startMortal()
    await vi.waitFor(() => expect(second.held()).toHaveLength(statePartitionCount / 2), wait)
    const events = Array.from({ length: 40 }, (_, n) => anEvent({ userId: `u${n}` }))
    await harness.publish(events)
    await gate.reached
    await vi.waitFor(async () => {
      const checkpoints = await eventLog.checkpoints(featureGroup, topic)
      const ofEvents = second.held().filter((partition) => partition < topics.events.partitions)
      for (const partition of ofEvents) expect(checkpoints.get(partition)?.nextOffset).toBeGreaterThan(0)
    }, wait)
    const before = await ends()
    await publishCommand({ type: 'forget-tenant', requestedAt: 'now', tenant: 'shop', before })
    const prompt = second.held().toSorted((a, b) => a - b)
    await vi.waitFor(async () => expect(await taken()).toEqual(prompt), wait)

    const marker = anEvent({ tenant: 'other', userId: 'marker' })
    for (let n = 0; n < 8; n += 1) await harness.publish([{ ...marker, messageId: `other${n}`, userId: `m${n}` }])
    expect(await taken()).toEqual(prompt)
    gate.open()
    await vi.waitFor(async () => expect(await taken()).toEqual(all), wait)
    await onlineStore.clearState('shop')
    await harness.settled()
    expect(await harness.exported()).toBe('')
    expect(await harness.exported('other')).toContain('"id":"m7"')
  })

  it('is answered for while the archive cannot be written', async () => {
    const gate = atGate((name) => name === 'put')
    await harness.startConsuming({ objectStore: gate.before(harness.dependencies.objectStore) })
    await harness.publish(Array.from({ length: 40 }, (_, n) => anEvent({ userId: `u${n}` })))
    await harness.settled()
    const flush = { type: 'flush-archive', requestedAt: 'now' } satisfies StateCommand
    const { eventLog } = harness.dependencies
    const value = Buffer.from(JSON.stringify(flush))
    const askForFlush = () => eventLog.publish([{ topic: topics.stateCommands.name, key: 'flush-archive', value }])
    await askForFlush()
    await gate.reached
    // Now there is something that it would have to wait for.
    await askForFlush()
    const before = await ends()
    await publishCommand({ type: 'forget-tenant', requestedAt: 'now', tenant: 'shop', before })
    await vi.waitFor(async () => expect(await taken()).toEqual(all), wait)
    gate.open()
  })

  it('is answered for again when an answer was overwritten by an older copy of the command', async () => {
    const { eventLog } = harness.dependencies
    await harness.startConsuming()
    await harness.publish(Array.from({ length: 40 }, (_, n) => anEvent({ userId: `u${n}` })))
    const before = await ends()
    const command = { type: 'forget-tenant', requestedAt: 'now', tenant: 'shop', before } as const
    await publishCommand(command)
    await vi.waitFor(async () => expect(await taken()).toEqual(all), wait)
    const older = before.map((end) => Math.max(0, end - 1))
    await publishCommand({ ...command, before: older, taken: all })
    const place = { topic: topics.stateCommands.name, partition: 0, offset: 0 }
    await vi.waitFor(async () => {
      const newest = (await eventLog.read(place, 100)).at(-1)
      expect(JSON.parse(Buffer.from(newest?.value ?? []).toString())).toMatchObject({ before })
      expect(await taken()).toEqual(all)
    }, wait)
  })
})
