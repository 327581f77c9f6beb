import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startPlatformProcess, temporaryFolder, type PlatformProcess } from '../support/platform-process.ts'
import { startSpanCollector, type CollectedSpan, type SpanCollector } from './span-collector.ts'

const WAIT = { timeout: 20_000, interval: 50 }
const userId = 'ann@example.com'
const words = 'a rather personal remark'

let stack: AsyncDisposableStack
let collector: SpanCollector
let platform: PlatformProcess

const start = async (env: Readonly<Record<string, string>>): Promise<void> => {
  const { path } = stack.use(await temporaryFolder())
  platform = stack.use(
    await startPlatformProcess({ dataDir: path, env: { RAPPORT_LOG_LEVEL: 'debug', ...collector.env, ...env } }),
  )
}

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  collector = stack.use(await startSpanCollector())
})
afterEach(() => stack.disposeAsync())

const track = (event: string, traceparent?: string): Promise<Response> =>
  fetch(`${platform.url}/v1/track?remark=${encodeURIComponent(words)}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${platform.key}`,
      'content-type': 'application/json',
      ...(traceparent !== undefined && { traceparent }),
    },
    body: JSON.stringify({ userId, event, properties: { product_id: 'p1', review_body: words } }),
  })

const views = async (): Promise<unknown> => (await platform.client.users.get(userId))?.counts['Product Viewed']?.all

const chainOf = (spans: readonly CollectedSpan[], last: CollectedSpan): string[] => {
  const parent = spans.find(({ spanId }) => spanId === last.parentSpanId)
  return [...(parent === undefined ? [] : chainOf(spans, parent)), last.name]
}
const isApplied = ({ attributes }: CollectedSpan): boolean =>
  attributes['messaging.consumer.group.name'] === 'rapport.feature'

test('a tracking call is one trace, from the caller through the log to the changed state, and says nothing personal', async () => {
  await start({ OTEL_SERVICE_NAME: 'shop' })
  const [traceId, spanId] = ['1'.repeat(32), '2'.repeat(16)]
  expect((await track('Product Viewed', `00-${traceId}-${spanId}-01`)).status).toBe(200)
  await vi.waitFor(() => expect(collector.spansOf(traceId).filter(isApplied)).toHaveLength(1), WAIT)
  const spans = collector.spansOf(traceId)
  const chain = ['POST /v1/track', 'publish rapport.events.v1', 'process rapport.events.v1']
  expect(chainOf(spans, spans.find(isApplied)!)).toEqual(chain)
  expect(spans.find(({ name }) => name === chain[0])).toMatchObject({ parentSpanId: spanId, service: 'shop' })
  // When the span has ended the state is changed.
  expect(await views()).toBe(1)
  await vi.waitFor(
    () => expect(platform.lines.filter((line) => line.includes(`"trace_id":"${traceId}"`))).not.toEqual([]),
    WAIT,
  )
  for (const text of [JSON.stringify(collector.bodies), platform.lines.join('\n'), platform.errors()]) {
    expect(text).not.toContain(userId)
    expect(text).not.toContain(encodeURIComponent(userId))
    expect(text).not.toContain(words)
    expect(text).not.toContain(encodeURIComponent(words))
  }
})

test('the sampler decides where no caller does, and the last spans are sent when the platform stops', async () => {
  await start({ OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_BSP_SCHEDULE_DELAY: '600000' })
  expect((await track('Product Viewed')).status).toBe(200)
  const traceId = '3'.repeat(32)
  expect((await track('Product Viewed', `00-${traceId}-${'4'.repeat(16)}-01`)).status).toBe(200)
  await vi.waitFor(async () => expect(await views()).toBe(2), WAIT)
  expect(collector.bodies).toEqual([])
  await platform[Symbol.asyncDispose]()
  expect(collector.spansOf(traceId).map(({ name }) => name)).toContain('POST /v1/track')
  expect(collector.spansOf(traceId).filter(isApplied)).toHaveLength(1)
  expect(new Set(JSON.stringify(collector.bodies).match(/"traceId":"\w+"/g))).toEqual(
    new Set([`"traceId":"${traceId}"`]),
  )
})
