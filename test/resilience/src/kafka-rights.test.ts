import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inboxTopic, operatorTenant, topics, type ServiceName, type StateRebuild } from '@rapport/contracts'
import { AclAdmin } from '@rapport/messaging/access-control-lists'
import { produceForeign } from '@rapport/messaging/foreign-producer'
import type { BatchEvent } from '@rapport/sdk'
import { connectDrivers, createLogger, readConfig, StoresSchema } from '@rapport/service-kit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { startInstallation, type Installation, type KafkaUsers } from './harness/installation.ts'

interface KafkaUser {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly authorization: {
      readonly acls: readonly {
        readonly resource: { readonly type: 'topic' | 'group'; readonly name: string; readonly patternType: string }
        readonly operations: readonly string[]
      }[]
    }
  }
}

const path = join(import.meta.dirname, '../../../k8s/components/kafka/users.yaml')
const users = parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as KafkaUser)
const entries = users.flatMap(({ metadata: { name: user }, spec }) =>
  spec.authorization.acls.flatMap(({ resource: { type: resource, name, patternType }, operations }) =>
    operations.map((operation) => {
      return { principal: `User:${user}`, operation, resource, name, isPrefixed: patternType === 'prefix' }
    }),
  ),
)
const password = randomUUID()
const loginOf = (user: string): Record<string, string> => ({
  RAPPORT_KAFKA_SASL: 'plain',
  RAPPORT_KAFKA_USERNAME: user,
  RAPPORT_KAFKA_PASSWORD: password,
})
const credentials = (brokers: readonly string[]) => {
  return { brokers, sasl: { mechanism: 'plain', username: 'admin', password } } as const
}
const known = ['admin', ...users.map(({ metadata }) => metadata.name)].map((user) => `user_${user}="${password}"`)

const kafkaUsers: KafkaUsers = {
  properties: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'false',
    // The listener of the controller, which no client speaks to, knows no users.
    'super.users': 'User:admin;User:ANONYMOUS',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${password}" ${known.join(' ')};`,
  },
  login: (service) => loginOf(service === undefined ? 'admin' : `rapport-${service}`),
  async grant(brokers) {
    using admin = new AclAdmin(credentials(brokers))
    await admin.add(entries)
  },
}

const owned = new AsyncDisposableStack()
let installation: Installation
const soon = { timeout: 60_000, interval: 200 }
const inbox = inboxTopic(operatorTenant)

beforeAll(async () => {
  installation = owned.use(await startInstallation({ kafkaUsers, inboxTenants: [operatorTenant] }))
}, 120_000)
afterAll(() => owned.disposeAsync())

const things = ['kettle', 'lamp', 'tent', 'coat', 'chair'] as const
const kinds = {
  positive: ['works well', 'is lovely', '质量很好'],
  negative: ['broke at once', 'is useless', '质量太差'],
} as const
const said = (row: number): { text: string; label: 'positive' | 'negative' } => {
  const label = row % 2 === 0 ? 'positive' : 'negative'
  return { text: `The ${things[row % 5]} ${kinds[label][row % 3]}, order ${(row + 1) * 7919}`, label }
}

async function train(task: 'sentiment' | 'text-classification'): Promise<void> {
  const { client } = installation
  const dataset = { name: 'reviews' }
  const { id } = await client.trainingJobs.create({ task, dataset, algorithms: ['multinomial-nb'], budgetSeconds: 5 })
  await vi.waitFor(async () => {
    const job = await client.trainingJobs.get(id)
    expect(job.state, job.error?.message).toBe('succeeded')
  }, soon)
}

async function drivers(user: string) {
  const config = readConfig(StoresSchema, { ...installation.stores, ...loginOf(user) })
  return connectDrivers(config, createLogger('check', { level: 'silent' }))
}

it('every service does its work with the rights that its user has in the manifests', { timeout: 300_000 }, async () => {
  const { client, kafka, processes } = installation
  const rows = Array.from({ length: 120 }, (_, row) => JSON.stringify(said(row)))
  await client.datasets.upload('reviews', rows.join('\n'), { format: 'ndjson' })
  await train('sentiment')
  await train('text-classification')

  await client.putItems([{ id: 'lamp', title: 'A lamp' }])
  const reviews = Array.from({ length: 20 }, (_, row): BatchEvent => {
    const properties = { product_id: 'lamp', review: said(row).text, rating: 4 }
    return { type: 'track', userId: `user-${row}`, event: 'Product Reviewed', properties }
  })
  await client.batch([...reviews, { type: 'identify', userId: 'user-0', anonymousId: 'device-0' }])
  const values = [
    { type: 'track', event: 'Product Viewed', userId: 'user-1', properties: { product_id: 'lamp' } },
    'no event',
  ]
  const records = values.map((value) => ({
    topic: inbox.name,
    partition: 0,
    value: Buffer.from(JSON.stringify(value)),
  }))
  await produceForeign(credentials(kafka.brokers), records)

  const entities = [{ kind: 'item' as const, id: 'lamp' }]
  const features = ['sentiments:all:positive', 'textLabels:all:negative', 'ratings:all']
  await vi.waitFor(async () => {
    const [item] = (await client.features({ entities, features })).entities
    expect(Object.values(item?.features ?? {}).map(({ value }) => value)).toEqual([10, 10, 20])
    expect((await client.users.get('user-1'))?.counts['Product Viewed']?.all).toBe(1)
  }, soon)
  expect((await client.recommend({ userId: 'user-1', count: 1 })).items).toHaveLength(1)
  await client.users.unlink('user-0', 'device-0')

  await vi.waitFor(async () => expect((await client.deadLetters.list()).deadLetters).toHaveLength(1), soon)
  expect(await client.deadLetters.replay()).toMatchObject({ replayed: 1, refusedCount: 0 })
  const { id: job } = await client.sentiment.jobs.create({ events: {} })
  await vi.waitFor(async () => {
    const { state, error } = await client.sentiment.jobs.get(job)
    expect(state, error?.message).toBe('succeeded')
  }, soon)
  const { id } = await client.http.json<StateRebuild>({ method: 'POST', path: '/v1/state/rebuild', body: {} })
  await vi.waitFor(async () => {
    const { state } = await client.http.json<StateRebuild>({ method: 'GET', path: `/v1/state/rebuild/${id}` })
    expect(state).toBe('done')
  }, soon)
  await client.tenants.create('guest')
  await client.tenants.remove('guest')
  await vi.waitFor(async () => expect(await client.tenants.get('guest')).toBeUndefined(), soon)

  await using platform = await drivers('admin')
  for (const { name } of [topics.exposures, topics.models, topics.access, topics.stateCommands, topics.labelJobs])
    await vi.waitFor(async () => {
      const extents = await platform.eventLog.extents(name)
      expect(
        extents.some(({ nextOffset }) => nextOffset > 0),
        name,
      ).toBe(true)
    }, soon)
  for (const process of Object.values(processes).flat())
    expect(process.log, process.name).not.toMatch(/has not the right|AUTHORIZATION/)
})

const refused: readonly (readonly [ServiceName, string])[] = [
  ['recommendation', topics.events.name],
  ['ingestion', topics.sentiments.name],
  ['sentiment', topics.trainingJobs.name],
]
it.each(refused)('the user of %s may not read %s', async (service, topic) => {
  await using other = await drivers(`rapport-${service}`)
  await expect(other.eventLog.read({ topic, partition: 0, offset: 0 }, 1)).rejects.toThrow(`Read on topic "${topic}"`)
})
