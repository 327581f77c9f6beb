import {
  archiveFlushKey,
  forgetCommandKey,
  itemKey,
  stateRebuildKey,
  stateTopics,
  tenantRemovalKey,
  textRulesKey,
  topics,
  trainingJobKey,
  type StateCommand,
} from '@rapport/contracts'
import { readJob } from '@rapport/model-store'
import type { Service } from '@rapport/service-kit'
import { beginTenantRemoval, createTenant, readTenantRemoval } from '@rapport/service-kit'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readTable } from '../application/erase-tenant.ts'
import { createJob } from '../application/training-jobs.ts'
import { createControlService, type ControlOverrides } from '../service.ts'
import { testConfig } from '../testing.ts'
import { readEventCounts } from './event-counts.ts'

const trainingEntry = fileURLToPath(new URL('training-process.fixture.ts', import.meta.url))
const wait = { timeout: 20_000, interval: 20 }
const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

let platform: TestPlatform
let stack: AsyncDisposableStack
/** What the consumers of events know of removed tenants when the archive is flushed. */
let known: (StateCommand | undefined)[]

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  platform = stack.use(await createTestPlatform())
  known = []
})
afterEach(() => stack.disposeAsync())

const objects = (): Promise<string[]> => Array.fromAsync(platform.drivers.objectStore.list(''), ({ key }) => key)
const isRemoved = (tenant = 'acme'): Promise<void> =>
  vi.waitFor(async () => expect(await readTenantRemoval(platform.drivers.objectStore, tenant)).toBeUndefined(), wait)

async function command(tenant = 'acme'): Promise<StateCommand | undefined> {
  const table = await readTable(platform.drivers.eventLog, topics.stateCommands.name)
  const value = table.get(forgetCommandKey(tenant))
  return value === undefined ? undefined : (JSON.parse(Buffer.from(value).toString()) as StateCommand)
}

async function startControl(overrides: ControlOverrides = {}): Promise<Service> {
  const flushArchive = async (): Promise<void> => void known.push(await command())
  // Each stands for a process of its own, and a process has its own metrics.
  const dependencies = { ...platform.dependencies, metrics: new Registry() }
  const config = testConfig(platform, { trainingEntry })
  const service = stack.use(await createControlService(config, dependencies, { flushArchive, ...overrides }))
  await service.startConsuming()
  return service
}

/** Answers as the consuming side of the feature service does. */
async function answerForgetting(): Promise<void> {
  const { eventLog } = platform.drivers
  const follower = await eventLog.follow(topics.stateCommands.name, async (records) => {
    for (const { key, value } of records) {
      if (value === null || key === archiveFlushKey) continue
      const asked = JSON.parse(Buffer.from(value).toString()) as StateCommand
      if (asked.type !== 'forget-tenant' || asked.taken !== undefined) continue
      await eventLog.publish([
        {
          topic: topics.stateCommands.name,
          key,
          value: encode({ ...asked, taken: asked.before.map((_, partition) => partition) }),
        },
      ])
    }
  })
  stack.use(follower)
}

/** A tenant with something of everything that is stored. */
async function fill(tenant: string): Promise<void> {
  const { objectStore, onlineStore, eventLog } = platform.drivers
  await createTenant(platform.dependencies, tenant, { name: 'first', scopes: ['recommend'] })
  const item = { tenant, kind: 'item', id: 'tea' }
  const user = { tenant, kind: 'user', id: 'ada' }
  await onlineStore.writeDocuments([{ entity: item, value: { title: 'Tea' } }])
  const change = { op: 'tally', part: 'tally/x', field: 'f', amount: 1 } as const
  const entries = [{ offset: 0, messageId: 'm', receivedAtMs: 0, changes: [change] }]
  await onlineStore.apply([{ entity: user, topic: topics.events.name, partition: 0, entries }])
  await onlineStore.writeCached({ entity: user, name: 'answer' }, encode('cached'), 600_000)
  for (const key of [
    `archive/${tenant}/a/0/1.gz`,
    `models/${tenant}/m/aliases/champion.json`,
    `datasets/${tenant}/reviews/versions/v1/manifest.json`,
    `checkpoints/${tenant}/sentiment-000001/lstm.bin`,
    `label-jobs/${tenant}/text-classification/20260101T000000000Z-00000000.json`,
    `label-job-results/${tenant}/text-classification/20260101T000000000Z-00000000/part-00000.ndjson.gz`,
    `state/${tenant}/rebuilds/x`,
    textRulesKey(tenant, 'sentiment'),
  ]) {
    await objectStore.put(key, encode('stored'))
  }
  await eventLog.publish([
    { topic: topics.items.name, key: itemKey(tenant, 'tea'), value: encode('item') },
    { topic: topics.items.name, key: itemKey(tenant, 'pot'), value: encode('item') },
    { topic: topics.models.name, key: `${tenant}/m/champion`, value: encode('alias') },
    ...Array.from({ length: 30 }, (_, n) => ({
      topic: topics.events.name,
      key: `${tenant}/u:${n}`,
      value: encode({}),
    })),
  ])
}

/** Where the tenant's name is still found, but for the log's events and what says that they are forgotten. */
async function tracesOf(tenant: string): Promise<string[]> {
  const { onlineStore, objectStore, eventLog } = platform.drivers
  const traces = (await objects()).filter((key) =>
    key.split('/').some((part) => part.replace(/\.json$/, '') === tenant),
  )
  for await (const { entity } of onlineStore.scan(tenant)) traces.push(`state of ${entity.id}`)
  const [item, user] = [
    { tenant, kind: 'item', id: 'tea' },
    { tenant, kind: 'user', id: 'ada' },
  ]
  if ((await onlineStore.readDocuments([item]))[0] !== undefined) traces.push('document')
  if ((await onlineStore.readCached([{ entity: user, name: 'answer' }]))[0] !== undefined) traces.push('cached value')
  if ((await readEventCounts(objectStore)).has(tenant)) traces.push('count of events')
  for (const topic of [topics.items.name, topics.models.name, topics.access.name]) {
    const keys = [...(await readTable(eventLog, topic)).keys()]
    traces.push(...keys.filter((key) => key.split('/')[0] === tenant))
  }
  return traces
}

describe('TenantRemover', () => {
  it('removes everything of the tenant and nothing of others, after its events are forgotten', async () => {
    await answerForgetting()
    await startControl()
    await fill('acme')
    await fill('acme-2')
    expect((await tracesOf('acme')).length).toBeGreaterThanOrEqual(11)
    await vi.waitFor(
      async () => expect((await readEventCounts(platform.drivers.objectStore)).get('acme-2')).toBe(30),
      wait,
    )
    const others = await tracesOf('acme-2')
    await beginTenantRemoval(platform.dependencies, 'acme')
    await isRemoved()
    expect(await tracesOf('acme')).toEqual([])
    expect(await tracesOf('acme-2')).toEqual(others)
    const { eventLog } = platform.drivers
    const extents = await Promise.all(stateTopics.map(({ name }) => eventLog.extents(name)))
    const ends = extents.flat().map(({ nextOffset }) => nextOffset)
    expect(known).toMatchObject([{ type: 'forget-tenant', before: ends, taken: ends.map((_, partition) => partition) }])
  })

  it('goes on at the next start where a process has ended in the middle', async () => {
    await fill('acme')
    await beginTenantRemoval(platform.dependencies, 'acme')
    const first = await startControl()
    await vi.waitFor(async () => expect(await command()).toBeDefined(), wait)
    await first[Symbol.asyncDispose]()
    expect(await tracesOf('acme')).toContain(tenantRemovalKey('acme'))
    expect(await tracesOf('acme')).toContain('document')
    await answerForgetting()
    await startControl()
    await isRemoved()
    expect(await tracesOf('acme')).toEqual([])
  })

  it('begins again after a failure', async () => {
    await answerForgetting()
    await fill('acme')
    let failures = 0
    await startControl({
      flushArchive: () => {
        failures += 1
        return failures < 3 ? Promise.reject(new Error('the archive is behind')) : Promise.resolve()
      },
    })
    await beginTenantRemoval(platform.dependencies, 'acme')
    await isRemoved()
    expect(failures).toBe(3)
    expect(await tracesOf('acme')).toEqual([])
  })

  it('cancels a running training first, and a job of a later tenant of the name runs under the same id', async () => {
    await answerForgetting()
    await startControl({ flushArchive: () => Promise.resolve() })
    const job = {
      tenant: 'waits',
      task: 'recommender',
      model: 'recommender',
      reason: 'request',
      budgetSeconds: 5,
      eventCount: 0,
    } as const
    const run = async (): Promise<void> => {
      await fill('waits')
      const { created, job: made } = await createJob(platform.dependencies, job)
      expect([created, made.id]).toEqual([true, 'recommender-000001'])
      await vi.waitFor(async () => {
        const { objectStore } = platform.drivers
        expect(await readJob(objectStore, made)).toMatchObject({ state: 'running', progress: { stage: 'testing' } })
      }, wait)
    }
    await run()
    await beginTenantRemoval(platform.dependencies, 'waits')
    await isRemoved('waits')
    expect(await platform.drivers.objectStore.head(trainingJobKey('waits', 'recommender-000001'))).toBeUndefined()
    await run()
  })

  it('waits for a rebuild of the state, and asks for one whose command was lost', async () => {
    await answerForgetting()
    const { objectStore, eventLog } = platform.drivers
    await fill('acme')
    const key = stateRebuildKey('acme', 'r1')
    const record = {
      id: 'r1',
      state: 'pending',
      requestedAt: new Date(0).toISOString(),
      attempts: 0,
      eventsRead: 0,
      eventsApplied: 0,
    }
    await objectStore.put(key, encode(record))
    await startControl()
    await beginTenantRemoval(platform.dependencies, 'acme')
    await vi.waitFor(async () => {
      expect((await readTable(eventLog, topics.stateCommands.name)).has('rebuild/acme/r1')).toBe(true)
    }, wait)
    expect(known).toEqual([])
    expect(await tracesOf('acme')).toContain('document')
    await objectStore.put(key, encode({ ...record, state: 'done' }))
    await isRemoved()
    expect(await tracesOf('acme')).toEqual([])
  })
})
