import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api'
import { deadLetterTopicOf, type TopicDescription } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openEmbeddedHarness, silent, type EmbeddedHarness } from '../drivers/embedded/testing/harness.ts'
import { PublishError } from '../errors.ts'
import type { EventLog, LogRecord, OutgoingRecord } from '../event-log.ts'
import type { ConsumerOptions } from '../pipeline/consumer-options.ts'
import { runConsumer } from '../pipeline/consumer.ts'
import { deadLetter, decoded } from '../pipeline/outcomes.ts'
import { publishTraced } from './publish-traced.ts'
import { recordSpans, type RecordedSpans } from './testing/recorded-spans.ts'

const WAIT = { timeout: 20_000, interval: 5 }
const source = 'test.source.v1'
const derived = 'test.derived.v1'
const topics: TopicDescription[] = [source, derived, deadLetterTopicOf(source), deadLetterTopicOf(derived)].map(
  (name) => ({ name, partitions: 1, cleanup: 'delete' }),
)

let harness: EmbeddedHarness
let eventLog: EventLog
let spans: RecordedSpans

beforeEach(async () => {
  spans = recordSpans()
  harness = await openEmbeddedHarness(topics)
  eventLog = await harness.connect({ random: () => 0 })
})
afterEach(async () => {
  await harness[Symbol.asyncDispose]()
  await spans[Symbol.asyncDispose]()
})

const record = (key: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: source,
  key,
  value: Buffer.from(key),
  ...more,
})
/** Within a span, as a request is; resolves with its trace id. */
const traced = <T>(work: () => Promise<T>): Promise<string> =>
  trace.getTracer('test').startActiveSpan('request', { root: true }, async (span) => {
    await work()
    span.end()
    return span.spanContext().traceId
  })
const stored = (topic: string): Promise<readonly LogRecord[]> => eventLog.read({ topic, partition: 0, offset: 0 }, 100)
const consume = (process: ConsumerOptions<string>['process'], more: Partial<ConsumerOptions<string>> = {}) =>
  runConsumer<string>({
    eventLog,
    group: 'test',
    topics: [source],
    log: silent,
    decode: ({ key }) => (key === 'bad' ? deadLetter('RPT_TEST_BAD', `${key} is personal`) : decoded(key)),
    process,
    ...more,
  })
const idOf = (span: { spanContext(): { traceId: string; spanId: string } }) => span.spanContext().spanId

describe('publishing', () => {
  test('has a span below the active one, whose context the records carry beside their own headers', async () => {
    const traceId = await traced(() => eventLog.publish([record('a', { headers: { own: 'kept' } }), record('b')]))
    const [publish] = spans.named(`publish ${source}`)
    expect(publish?.kind).toBe(SpanKind.PRODUCER)
    expect(publish?.parentSpanContext?.spanId).toBe(idOf(spans.named('request')[0]!))
    expect(publish?.attributes).toEqual({
      'messaging.system': 'rapport_event_log',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': source,
      'messaging.batch.message_count': 2,
    })
    const traceparent = `00-${traceId}-${idOf(publish!)}-01`
    expect((await stored(source)).map(({ headers }) => headers)).toEqual([
      { own: 'kept', traceparent },
      { traceparent },
    ])
  })

  test('leaves records alone outside of a span, in one that is not recorded or has ended, and where they carry a trace', async () => {
    await eventLog.publish([record('a')])
    const ignored = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.NONE }
    await context.with(trace.setSpanContext(ROOT_CONTEXT, ignored), () => eventLog.publish([record('b')]))
    const ended = trace.getTracer('test').startSpan('ended')
    ended.end()
    await context.with(trace.setSpan(ROOT_CONTEXT, ended), () => eventLog.publish([record('c')]))
    const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`
    await traced(() => eventLog.publish([record('d', { headers: { traceparent } })]))
    expect((await stored(source)).map(({ headers }) => headers)).toEqual([{}, {}, {}, { traceparent }])
  })

  test('names a topic only where all records have it', async () => {
    await traced(() => eventLog.publish([record('a'), record('b', { topic: derived })]))
    expect(spans.named('publish')[0]?.attributes).not.toHaveProperty('messaging.destination.name')
  })

  test('shows the code of what failed and not what it says', async () => {
    const failure = PublishError.refused('full', 'a personal matter')
    await traced(() => publishTraced([record('a')], () => Promise.reject(failure)).catch(() => undefined))
    const [failed] = spans.named(`publish ${source}`)
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(failed?.attributes).toHaveProperty('error.type', failure.code)
    expect(failed?.events).toEqual([])
  })
})

describe('consuming', () => {
  test('continues the trace of each publication, with one span for all of its records', async () => {
    const first = await traced(() => eventLog.publish([record('a'), record('b')]))
    const second = await traced(() => eventLog.publish([record('c')]))
    await eventLog.publish([record('d')])
    const active: unknown[] = []
    await using _consumer = await consume(async () => void active.push(trace.getActiveSpan()))
    await vi.waitFor(() => expect(spans.named(`process ${source}`)).toHaveLength(2), WAIT)
    const publications = spans.named(`publish ${source}`)
    const processed = spans.named(`process ${source}`)
    expect(processed.map((span) => span.spanContext().traceId)).toEqual([first, second])
    expect(processed.map((span) => span.parentSpanContext?.spanId)).toEqual(publications.map(idOf))
    expect(processed.map(({ kind }) => kind)).toEqual([SpanKind.CONSUMER, SpanKind.CONSUMER])
    expect(processed[0]?.attributes).toEqual({
      'messaging.system': 'rapport_event_log',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': source,
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'test',
      'messaging.batch.message_count': 2,
    })
    expect(processed[1]?.attributes).not.toHaveProperty('messaging.batch.message_count')
    expect(active).toEqual([undefined])
  })

  test('works in the span of a batch that has one alone', async () => {
    const traceId = await traced(() => eventLog.publish([record('a')]))
    const active: (string | undefined)[] = []
    await using _consumer = await consume(async () => void active.push(trace.getActiveSpan()?.spanContext().traceId))
    await vi.waitFor(() => expect(active).toEqual([traceId]), WAIT)
  })

  test('has no span for records whose trace is not recorded', async () => {
    const unrecorded = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
    await eventLog.publish([record('a', { headers: { traceparent: unrecorded } })])
    await eventLog.publish([record('b', { headers: { traceparent: 'nonsense' } })])
    const seen: string[] = []
    await using _consumer = await consume(async ({ entries }) => void seen.push(...entries.map(({ value }) => value)))
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b']), WAIT)
    expect(spans.all()).toEqual([])
  })

  test.each([
    ['alone', ['a']],
    ['beside records of other traces', ['a', 'b']],
  ])('keeps what is made of a record in its trace, %s', async (_case, keys) => {
    const traceIds: string[] = []
    for (const key of keys) traceIds.push(await traced(() => eventLog.publish([record(key)])))
    await using _consumer = await consume(async ({ entries }) => {
      await eventLog.publish(entries.map(({ record: cause, value }) => record(value, { topic: derived, cause })))
    })
    await using _last = await consume(async () => {}, { group: 'last', topics: [derived] })
    await vi.waitFor(() => expect(spans.named(`process ${derived}`)).toHaveLength(keys.length), WAIT)
    expect(spans.named(`process ${derived}`).map((span) => span.spanContext().traceId)).toEqual(traceIds)
  })

  test('shows which record went to the dead letters, by its code alone, and logs it within its span', async () => {
    const refusedId = await traced(() => eventLog.publish([record('bad')]))
    await traced(() => eventLog.publish([record('good')]))
    const logged: (string | undefined)[] = []
    const warn = (): unknown => logged.push(trace.getActiveSpan()?.spanContext().traceId)
    await using _consumer = await consume(async () => {}, { log: { ...silent, warn } })
    await vi.waitFor(() => expect(spans.named(`process ${source}`)).toHaveLength(2), WAIT)
    const [bad, good] = spans.named(`process ${source}`)
    expect(bad?.status).toEqual({ code: SpanStatusCode.ERROR })
    expect(bad?.attributes).toHaveProperty('error.type', 'RPT_TEST_BAD')
    expect(good?.status.code).toBe(SpanStatusCode.UNSET)
    expect(logged).toEqual([refusedId])
    expect(
      JSON.stringify(spans.all().map(({ attributes, events, status }) => [attributes, events, status])),
    ).not.toContain('personal')
  })

  test('shows a try that failed, and the next one beside it', async () => {
    await traced(() => eventLog.publish([record('a')]))
    let tries = 0
    await using _consumer = await consume(async () => {
      if (tries++ === 0) throw new TypeError('a personal matter')
    })
    await vi.waitFor(() => expect(spans.named(`process ${source}`)).toHaveLength(2), WAIT)
    const [failed, done] = spans.named(`process ${source}`)
    expect(failed?.attributes).toHaveProperty('error.type', 'TypeError')
    expect(failed?.events).toEqual([])
    expect(done?.attributes).not.toHaveProperty('error.type')
  })
})
