import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { startKafka, startTlsProxy, type Kafka, type TlsProxy } from '@rapport/infra'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { LogRecord } from '../../../event-log.ts'
import type { KafkaClientOptions } from '../client-options.ts'
import { clientOptions, openKafkaHarness, silent, type KafkaDriver } from '../testing/harness.ts'
import { startLoginRelay, type LoginRelay } from '../testing/relay.ts'
import { addScramUser, type ScramUser } from '../testing/scram.ts'

/** TLS, SASL, and opening a log that cannot be opened. */
export function describeSecurity(driver: KafkaDriver): void {
  const secrets = { broker: `b-${randomUUID()}`, client: `c-${randomUUID()}` }
  // kafkajs logs in anew within the last 10 s of a session, @platformatic/kafka in its last fifth.
  const SESSION_MS = 12_000
  const jaas = 'org.apache.kafka.common.security'
  const plainModule =
    `${jaas}.plain.PlainLoginModule required username="broker" password="${secrets.broker}" ` +
    `user_broker="${secrets.broker}" user_rapport="${secrets.client}";`

  let kafka: Kafka
  let proxy: TlsProxy
  let controllerPort: number
  const brokerPort = (): number => Number(kafka.brokers[0]?.split(':')[1])

  /** Everything that an error says, its causes too. */
  function textOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error)
    return `${error.name} ${error.message} ${JSON.stringify(error)} ${error.stack} ${error.cause === undefined ? '' : textOf(error.cause)}`
  }

  const client = (sasl: KafkaClientOptions['sasl']): KafkaClientOptions => ({
    brokers: [`localhost:${proxy.port}`],
    tls: { ca: proxy.ca },
    ...(sasl === undefined ? {} : { sasl }),
  })

  /** A log with one topic, reached through the relay. */
  async function openRelayed(relay: LoginRelay, sasl: KafkaClientOptions['sasl']) {
    proxy.forwardTo(relay.port)
    const topic = `test.relayed-${randomUUID()}.v1`
    const harness = await openKafkaHarness(driver, [{ name: topic, partitions: 2, cleanup: 'delete' }], client(sasl))
    return {
      ...harness,
      topic,
      [Symbol.asyncDispose]: async () => {
        await harness[Symbol.asyncDispose]()
        proxy.forwardTo(brokerPort())
      },
    }
  }

  /** The controller takes a user before the broker knows of it. */
  async function knowsUser({ mechanism, name, password }: ScramUser, isKnown: boolean): Promise<void> {
    const ask = async (): Promise<boolean> => {
      await using admin = driver.createTopicAdmin(client({ mechanism, username: name, password }))
      return await admin.describeTopics(['any'], []).then(
        () => true,
        () => false,
      )
    }
    await vi.waitFor(async () => expect(await ask()).toBe(isKnown), { timeout: 10_000 })
  }

  beforeAll(async () => {
    proxy = await startTlsProxy()
    kafka = await startKafka({
      properties: {
        'advertised.listeners': `PLAINTEXT://localhost:${proxy.port}`,
        'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'connections.max.reauth.ms': String(SESSION_MS),
        'listener.name.plaintext.plain.sasl.jaas.config': plainModule,
        'listener.name.plaintext.scram-sha-256.sasl.jaas.config': `${jaas}.scram.ScramLoginModule required;`,
        'listener.name.plaintext.scram-sha-512.sasl.jaas.config': `${jaas}.scram.ScramLoginModule required;`,
      },
    })
    proxy.forwardTo(brokerPort())
    const properties = await readFile(join(kafka.server.folder, 'server.properties'), 'utf8')
    controllerPort = Number(/controller\.quorum\.voters=1@127\.0\.0\.1:(\d+)/.exec(properties)?.[1])
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
      await addScramUser(controllerPort, { mechanism, name: 'rapport', password: secrets.client })
    }
  }, 90_000)
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
  })

  describe('TLS and SASL', () => {
    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      'publishes and consumes over TLS with %s',
      async (mechanism) => {
        const topic = `test.secure-${randomUUID()}.v1`
        await using harness = await openKafkaHarness(
          driver,
          [{ name: topic, partitions: 2, cleanup: 'delete' }],
          client({ mechanism, username: 'rapport', password: secrets.client }),
        )
        const log = await harness.connect()
        const seen: LogRecord[] = []
        await using _subscriber = await log.subscribe({
          group: topic,
          topics: [topic],
          onBatch: async ({ records }) => void seen.push(...records),
        })
        await log.publish(Array.from({ length: 20 }, (_, key) => ({ topic, key: `k${key}`, value: Buffer.from('v') })))
        await vi.waitFor(() => expect(seen).toHaveLength(20), { timeout: 20_000 })
      },
    )

    test('goes on when sessions end and the broker asks for the credentials anew', { timeout: 60_000 }, async () => {
      const topic = `test.sessions-${randomUUID()}.v1`
      await using harness = await openKafkaHarness(
        driver,
        [{ name: topic, partitions: 2, cleanup: 'delete' }],
        client({ mechanism: 'plain', username: 'rapport', password: secrets.client }),
      )
      const log = await harness.connect()
      const seen: LogRecord[] = []
      await using _subscriber = await log.subscribe({
        group: topic,
        topics: [topic],
        onBatch: async ({ records }) => void seen.push(...records),
      })
      const untilMs = performance.now() + 1.1 * SESSION_MS
      let published = 0
      while (performance.now() < untilMs) {
        await log.publish([{ topic, key: `k${published}`, value: Buffer.from('v') }])
        published += 1
      }
      await vi.waitFor(() => expect(seen).toHaveLength(published), { timeout: 20_000 })
    })

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      'a wrong password with %s is refused at once, and not told',
      async (mechanism) => {
        const password = `wrong-${randomUUID()}`
        const startedAtMs = performance.now()
        const opening = driver.openKafkaEventLog({
          client: client({ mechanism, username: 'rapport', password }),
          topics: [{ name: 'any', partitions: 1, cleanup: 'delete' }],
          log: silent,
        })
        const error = await opening.catch((failure: unknown) => failure)
        expect(error).toMatchObject({ code: 'RPT_EVENT_LOG_UNAVAILABLE', canRetry: false })
        expect(textOf(error)).toContain('Kafka refuses the credentials')
        expect(textOf(error)).not.toContain(password)
        expect(performance.now() - startedAtMs).toBeLessThan(5000)
      },
    )

    test(
      'a connection that ends in the middle of a login is made again: at the start, and for what is published',
      { timeout: 60_000 },
      async () => {
        await using relay = await startLoginRelay({ port: brokerPort() })
        await using harness = await openRelayed(relay, {
          mechanism: 'plain',
          username: 'rapport',
          password: secrets.client,
        })
        relay.cuts = 2
        const log = await harness.connect()
        expect(relay.cuts).toBe(0)
        relay.cuts = 2
        relay.cutAll()
        await expect(log.publish([{ topic: harness.topic, key: 'k', value: Buffer.from('v') }])).resolves.toHaveLength(
          1,
        )
        expect(relay.cuts).toBe(0)
      },
    )

    test(
      'what is published while the credentials are refused waits for its deadline, and one warning says so',
      { timeout: 60_000 },
      async () => {
        const name = `changing-${randomUUID()}`
        const user = { mechanism: 'scram-sha-256', name, password: secrets.client } as const
        await addScramUser(controllerPort, user)
        await knowsUser(user, true)
        await using relay = await startLoginRelay({ port: brokerPort() })
        await using harness = await openRelayed(relay, { ...user, username: name })
        const warn = vi.fn()
        const log = await harness.connect({ log: { ...silent, warn } })
        const publish = (deadlineMs: number): Promise<unknown> =>
          log.publish([{ topic: harness.topic, key: 'k', value: Buffer.from('v') }], { deadlineMs })
        await publish(20_000)
        await addScramUser(controllerPort, { ...user, password: 'another' })
        await knowsUser(user, false)
        relay.cutAll()
        await expect(publish(1000)).rejects.toMatchObject({ outcome: 'unknown', reason: 'deadline', canRetry: true })
        await expect(publish(1000)).rejects.toMatchObject({ outcome: 'unknown', reason: 'deadline', canRetry: true })
        const told = warn.mock.calls.filter(([, text]) => String(text).includes('refuses the credentials'))
        expect(told).toHaveLength(1)
        await addScramUser(controllerPort, user)
        await publish(20_000)
      },
    )

    test('a certificate that is not trusted is an error by the deadline', async () => {
      const options = { brokers: [`localhost:${proxy.port}`], tls: true }
      const opening = driver.openKafkaEventLog({
        client: options,
        topics: [{ name: 'any', partitions: 1, cleanup: 'delete' }],
        log: silent,
        openDeadlineMs: 1000,
      })
      await expect(opening).rejects.toThrow(/Kafka cannot be reached: .*certificate/)
    })
  })

  describe('opening', () => {
    const topics = [{ name: `test.missing-${randomUUID()}.v1`, partitions: 3, cleanup: 'delete' }] as const

    test('a broker that nobody runs is an error by the deadline, naming it', async () => {
      const startedAtMs = performance.now()
      const opening = driver.openKafkaEventLog({
        client: { brokers: ['127.0.0.1:1'] },
        topics,
        log: silent,
        openDeadlineMs: 1500,
      })
      await expect(opening).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_UNAVAILABLE', canRetry: true })
      await expect(opening).rejects.toThrow('127.0.0.1:1')
      expect(performance.now() - startedAtMs).toBeLessThan(4000)
    })

    test.each([[[]], [['localhost']], [['localhost:9092', 'http://x:1']], [['::1:9092']], [['[::1]:99999']]])(
      'brokers %j are refused',
      async (brokers) => {
        const opening = driver.openKafkaEventLog({ client: { brokers }, topics, log: silent })
        await expect(opening).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_BROKERS' })
      },
    )

    test('brokers are reached by an address of IPv6', async () => {
      const [broker = ''] = clientOptions().brokers
      const [host, port] = broker.split(':')
      let calls = 0
      const relay = createServer((socket) => {
        calls += 1
        const onward = connect({ host, port: Number(port) })
        pipeline(socket, onward, socket, () => undefined)
      }).listen(0, '::1')
      await once(relay, 'listening')
      const { port: relayPort } = relay.address() as AddressInfo
      const client = { brokers: [`[::1]:${relayPort}`] }
      const topic = `test.ipv6-${randomUUID()}.v1`
      try {
        await using harness = await openKafkaHarness(
          driver,
          [{ name: topic, partitions: 1, cleanup: 'delete' }],
          client,
        )
        const log = await harness.connect()
        expect(calls).toBeGreaterThan(0)
        expect(await log.publish([{ topic, key: 'k', value: Buffer.from('v') }])).toMatchObject([{ topic, offset: 0 }])
      } finally {
        relay.close()
      }
    })

    test('topics that are missing or laid out otherwise are named, with the command that helps', async () => {
      const existing = `test.other-${randomUUID()}.v1`
      await using _harness = await openKafkaHarness(driver, [{ name: existing, partitions: 2, cleanup: 'delete' }])
      const described = [...topics, { name: existing, partitions: 5, cleanup: 'delete' } as const]
      const opening = driver.openKafkaEventLog({ client: clientOptions(), topics: described, log: silent })
      await expect(opening).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_TOPICS' })
      await expect(opening).rejects.toThrow(`${topics[0].name} does not exist`)
      await expect(opening).rejects.toThrow(`${existing} has 2 partitions, not 5`)
      await expect(opening).rejects.toThrow('rapport topics apply')
    })
  })
}
