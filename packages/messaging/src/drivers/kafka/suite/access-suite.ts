import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inboxTopic, publicTopics, topics, type TopicDescription } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { startKafka, type Kafka } from '@rapport/infra'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { LogRecord } from '../../../event-log.ts'
import { AclAdmin } from '../../platformatic/testing/acls.ts'
import { produceForeign } from '../../platformatic/testing/foreign-producer.ts'
import type { KafkaClientOptions } from '../client-options.ts'
import type { KafkaClientEventLogOptions, KafkaEventLog } from '../kafka-event-log.ts'
import { applyTopics, planTopics } from '../topic-plan.ts'
import { readAclCommands, type AclEntry } from '../testing/acl-commands.ts'
import { silent, type KafkaDriver } from '../testing/harness.ts'

const documented = readAclCommands(
  readFileSync(join(import.meta.dirname, '../../../../../../docs/kafka-access.md'), 'utf8'),
)
/** What the client of a producer says that is not ours. */
const DENIED = /authorization failed/i
const WAIT = { timeout: 20_000, interval: 20 }
const replication = { replication: 1, minInsyncReplicas: 1 }
const inboxes = [inboxTopic('acme'), inboxTopic('globex')] as const
const all: readonly TopicDescription[] = [...Object.values(topics), ...inboxes]
/** Who has but a part of what a user of the document has. */
const lacking = {
  'lacks-everything': () => false,
  'lacks-read': ({ operation, resource }) => operation !== 'Read' || resource !== 'topic',
  'lacks-write': ({ operation }) => operation !== 'Write',
  'lacks-group': ({ resource }) => resource !== 'group',
} as const satisfies Record<string, (entry: AclEntry) => boolean>
/** Writes to one inbox alone, and reads all. */
const half: readonly AclEntry[] = [
  ...documented.filter(({ principal, operation }) => principal === 'User:rapport' && operation === 'Read'),
  ...documented.filter(({ principal }) => principal === 'User:acme-shop'),
].map((entry) => ({ ...entry, principal: 'User:half' }))
const users = ['half', 'rapport', 'rapport-operator', 'warehouse', 'acme-shop', 'lacks-create', ...Object.keys(lacking)]

/** The access control lists of docs/kafka-access.md on a broker that enforces them. */
export function describeAccess(driver: KafkaDriver): void {
  const password = randomUUID()
  let kafka: Kafka
  let acls: AclAdmin

  const client = (username: string): KafkaClientOptions => ({
    brokers: kafka.brokers,
    sasl: { mechanism: 'plain', username, password },
  })
  const open = (username: string, options: Partial<KafkaClientEventLogOptions> = {}): Promise<KafkaEventLog> =>
    driver.openKafkaEventLog({ client: client(username), topics: all, log: silent, heartbeatMs: 100, ...options })
  const event = (topic: string, key = randomUUID()) => ({ topic, key, value: Buffer.from(key) })
  const group = (): string => `rapport.test-${randomUUID()}`

  beforeAll(async () => {
    const known = ['admin', ...users].map((user) => `user_${user}="${password}"`).join(' ')
    kafka = await startKafka({
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'allow.everyone.if.no.acl.found': 'false',
        // The listener of the controller, which no client of the tests speaks to, knows no users.
        'super.users': 'User:admin;User:ANONYMOUS',
        'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${password}" ${known};`,
      },
    })
    acls = new AclAdmin(client('admin'))
    await acls.add([...documented, ...half])
    for (const [user, has] of Object.entries(lacking)) {
      const part = documented.filter((entry) => entry.principal === 'User:rapport' && has(entry))
      if (part.length > 0) await acls.add(part.map((entry) => ({ ...entry, principal: `User:${user}` })))
    }
    const operator = documented.filter(({ principal }) => principal === 'User:rapport-operator')
    const withoutCreate = operator.filter(({ operation }) => operation !== 'Create')
    await acls.add(withoutCreate.map((entry) => ({ ...entry, principal: 'User:lacks-create' })))

    await using admin = driver.createTopicAdmin(client('rapport-operator'))
    await applyTopics(admin, await planTopics(admin, all, replication))
  }, 90_000)
  afterAll(async () => {
    acls[Symbol.dispose]()
    await kafka[Symbol.asyncDispose]()
  })

  describe('with the documented rights', () => {
    test('the operator sees what differs, and changes it', async () => {
      await using admin = driver.createTopicAdmin(client('rapport-operator'))
      expect(await planTopics(admin, all, replication)).toMatchObject({ isEmpty: true })
      const changed = all.map((topic) => (topic.cleanup === 'delete' ? { ...topic, retentionMs: 3_600_000 } : topic))
      await applyTopics(admin, await planTopics(admin, changed, replication))
      await vi.waitFor(
        async () => expect(await planTopics(admin, changed, replication)).toMatchObject({ isEmpty: true }),
        WAIT,
      )
      await applyTopics(admin, await planTopics(admin, all, replication))
    })

    test('the platform publishes, consumes, commits, broadcasts and reads', async () => {
      await using log = await open('rapport')
      const records = all.map(({ name }) => event(name))
      const positions = await log.publish(records)
      const name = group()
      const names = [topics.events.name, topics.exposures.name, ...inboxes.map((inbox) => inbox.name)]
      const seen: LogRecord[] = []
      await using _subscriber = await log.subscribe({
        group: name,
        topics: names,
        rewindMs: 1000,
        onBatch: async (batch) => {
          seen.push(...batch.records)
          await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
        },
      })
      const followed: string[] = []
      await using follower = await log.follow(
        topics.items.name,
        (some) => void followed.push(...some.map(({ key }) => key)),
      )
      await follower.caughtUp
      expect(followed).toContain(records.find(({ topic }) => topic === topics.items.name)?.key)
      for (const [index, { topic, key }] of records.entries()) {
        const place = positions[index]!
        expect(await log.read(place, 1)).toMatchObject([{ key }])
        expect((await log.extents(topic))[place.partition]?.nextOffset).toBeGreaterThan(place.offset)
        if (!names.includes(topic)) continue
        await vi.waitFor(() => expect(seen.map((record) => record.key)).toContain(key), WAIT)
        await vi.waitFor(async () => {
          const checkpoint = (await log.checkpoints(name, topic)).get(place.partition)
          expect(checkpoint?.nextOffset).toBeGreaterThan(place.offset)
        }, WAIT)
      }
    })

    test('a reader reads what is public, with its own groups, and writes nothing', async () => {
      const readable = publicTopics.filter(({ use }) => use === 'read').map(({ name }) => name)
      await using platform = await open('rapport')
      const record = event(topics.events.name)
      await platform.publish([record])
      await using log = await open('warehouse', { topics: all.filter(({ name }) => readable.includes(name)) })
      const seen: string[] = []
      const onBatch = async ({ records }: { records: readonly LogRecord[] }) =>
        void seen.push(...records.map(({ key }) => key))
      await using _subscriber = await log.subscribe({ group: `warehouse-${randomUUID()}`, topics: readable, onBatch })
      await vi.waitFor(() => expect(seen).toContain(record.key), WAIT)
      await expect(log.publish([event(topics.events.name)])).rejects.toMatchObject({
        outcome: 'refused',
        reason: 'not allowed',
        message: expect.stringContaining(`Write on`),
      })
      const foreign = client('warehouse')
      await expect(
        produceForeign(foreign, [{ topic: topics.events.name, partition: 0, value: Buffer.from('{}') }]),
      ).rejects.toThrow(DENIED)
      const name = group()
      await expect(log.subscribe({ group: name, topics: readable, onBatch })).rejects.toThrow(`Read on group "${name}"`)
      const hidden = open('warehouse', { topics: [topics.events, topics.access] })
      await expect(hidden).rejects.toThrow(topics.access.name)
    })

    test('a producer writes to its own inbox and nowhere else, and reads nothing', async () => {
      const foreign = client('acme-shop')
      const key = Buffer.from(randomUUID())
      const produce = (topic: string) =>
        produceForeign(foreign, [{ topic, partition: 0, key, value: Buffer.from('{}') }])
      await produce(inboxes[0].name)
      await expect(produce(inboxes[1].name)).rejects.toThrow(DENIED)
      await expect(produce(topics.events.name)).rejects.toThrow(DENIED)
      await using platform = await open('rapport')
      const [own, other] = await Promise.all(
        inboxes.map(({ name }) => platform.read({ topic: name, partition: 0, offset: 0 }, 1000)),
      )
      expect(own?.map((record) => record.key)).toContain(key.toString())
      expect(other?.map((record) => record.key)).not.toContain(key.toString())
      await using log = await open('acme-shop', { topics: [inboxes[0]] })
      expect(await log.publish([event(inboxes[0].name)])).toHaveLength(1)
      await expect(log.read({ topic: inboxes[0].name, partition: 0, offset: 0 }, 1)).rejects.toThrow('Read on topic')
    })
  })

  describe('without a right', () => {
    const onBatch = async (): Promise<void> => undefined

    /** Soon: nothing that is refused is tried until a deadline. */
    async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
      const startedAtMs = performance.now()
      const error = await promise.then(
        () => undefined,
        (failure: unknown) => failure,
      )
      expect(performance.now() - startedAtMs).toBeLessThan(5000)
      return error
    }

    test('to see topics, the log is not opened, and names them', async () => {
      const error = await refusalOf(open('lacks-everything'))
      expect(error).toMatchObject({ code: 'RPT_EVENT_LOG_ACCESS', canRetry: false })
      for (const { name } of all) expect(String(error)).toContain(name)
    })

    test('to write, what is published is refused, by topic', async () => {
      await using log = await open('lacks-write')
      const error = await refusalOf(log.publish([event(topics.events.name)]))
      expect(error).toMatchObject({ outcome: 'refused', reason: 'not allowed', canRetry: false })
      expect(String(error)).toContain(topics.events.name)
      expect(String(error)).toContain('Write on')
    })

    test('to write to one of the topics, what is published there is refused, and its neighbours are not', async () => {
      await using log = await open('half')
      const [events, inbox] = await Promise.allSettled([
        log.publish([event(topics.events.name)]),
        log.publish([event(inboxes[0].name)]),
      ])
      expect(inbox).toMatchObject({ status: 'fulfilled' })
      expect(events).toMatchObject({ status: 'rejected', reason: { outcome: 'refused', reason: 'not allowed' } })
      expect(events.status === 'rejected' && String(events.reason)).toContain(`Write on topic "${topics.events.name}"`)
    })

    test('to read a topic, neither consumers nor followers begin', async () => {
      await using log = await open('lacks-read')
      const right = `Read on topic "${topics.events.name}"`
      const subscribing = log.subscribe({ group: group(), topics: [topics.events.name], onBatch })
      expect(await refusalOf(subscribing)).toMatchObject({ canRetry: false, message: expect.stringContaining(right) })
      expect(String(await refusalOf(log.follow(topics.events.name, () => undefined)))).toContain(right)
    })

    test('to be a member of the group, consumers do not begin', async () => {
      await using log = await open('lacks-group')
      const name = group()
      const error = await refusalOf(log.subscribe({ group: name, topics: [topics.events.name], onBatch }))
      expect(error).toMatchObject({ canRetry: false, message: expect.stringContaining(`Read on group "${name}"`) })
    })

    test('to create, the topics are not applied', async () => {
      await using admin = driver.createTopicAdmin(client('lacks-create'))
      const fresh = inboxTopic(`fresh-${randomUUID()}`)
      const plan = await planTopics(admin, [...all, fresh], replication)
      const error = await refusalOf(applyTopics(admin, plan))
      expect(error).toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED', canRetry: false })
      expect(String(error)).toContain(fresh.name)
      expect(String(error)).toContain('Create on topic')
      await using blind = driver.createTopicAdmin(client('warehouse'))
      expect(String(await refusalOf(planTopics(blind, [topics.events], replication)))).toContain(
        'DescribeConfigs on topic',
      )
    })
  })

  test('a right that is taken away stops its topic alone, and comes back without a start', async () => {
    const errors: Record<string, unknown>[] = []
    const noisy: Log = { ...silent, error: (fields) => void errors.push(fields as Record<string, unknown>) }
    await using log = await open('rapport', { log: noisy })
    const seen: string[] = []
    await using _subscriber = await log.subscribe({
      group: group(),
      topics: [topics.events.name, topics.exposures.name],
      onBatch: async ({ records }) => void seen.push(...records.map(({ key }) => key)),
    })
    const publish = async (topic: string): Promise<string> => {
      const record = event(topic)
      await log.publish([record])
      return record.key
    }
    const first = await publish(topics.events.name)
    await vi.waitFor(() => expect(seen).toContain(first), WAIT)
    const denied: AclEntry[] = [
      { principal: 'User:rapport', operation: 'Read', resource: 'topic', name: topics.events.name, isPrefixed: false },
    ]
    await acls.add(denied, { isDenied: true })
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), WAIT)
    const unseen = await publish(topics.events.name)
    const neighbour = await publish(topics.exposures.name)
    await vi.waitFor(() => expect(seen).toContain(neighbour), WAIT)
    expect(seen).not.toContain(unseen)
    expect(String(errors[0]?.['err'])).toContain(`Read on topic "${topics.events.name}"`)
    await acls.remove(denied, { isDenied: true })
    await vi.waitFor(() => expect(seen).toContain(unseen), WAIT)
  })

  test('a group that may not be any more says so, and goes on when it may', async () => {
    const errors: Record<string, unknown>[] = []
    const noisy: Log = { ...silent, error: (fields) => void errors.push(fields as Record<string, unknown>) }
    await using log = await open('rapport', { log: noisy })
    const name = group()
    const seen: string[] = []
    await using _subscriber = await log.subscribe({
      group: name,
      topics: [topics.exposures.name],
      onBatch: async ({ records }) => void seen.push(...records.map(({ key }) => key)),
    })
    const first = event(topics.exposures.name)
    await log.publish([first])
    await vi.waitFor(() => expect(seen).toContain(first.key), WAIT)
    const denied: AclEntry[] = [
      { principal: 'User:rapport', operation: 'Read', resource: 'group', name, isPrefixed: false },
    ]
    await acls.add(denied, { isDenied: true })
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), WAIT)
    expect(String(errors[0]?.['err'])).toContain(`Read on group "${name}"`)
    await acls.remove(denied, { isDenied: true })
    const last = event(topics.exposures.name)
    await log.publish([last])
    await vi.waitFor(() => expect(seen).toContain(last.key), WAIT)
  })
}
