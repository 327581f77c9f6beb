import type { RequestListener } from 'node:http'
import { trace } from '@opentelemetry/api'
import { recordSpans } from '@rapport/messaging/recorded-spans'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startGateway, startUpstream } from './testing.ts'

const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)]
const traceparent = `00-${traceId}-${spanId}-01`

let owned: AsyncDisposableStack
let seen: (string | undefined)[]
beforeEach(() => {
  owned = new AsyncDisposableStack()
  seen = []
})
afterEach(() => owned.disposeAsync())

const answer: RequestListener = ({ headers }, response) => {
  seen.push(headers['traceparent'] as string | undefined)
  response.end()
}
const call = (url: string, headers: Record<string, string> = { traceparent }): Promise<Response> =>
  fetch(`${url}/v1/users/u1`, { headers })

it('hands the call on in the caller’s trace, below its own span, to the second process it tries as well', async () => {
  const spans = owned.use(recordSpans())
  const gone = await startUpstream(answer)
  const left = owned.use(await startUpstream(answer))
  const { url } = owned.use(await startGateway([gone.url, left.url], { RAPPORT_GATEWAY_PROBE_MS: '60000' }))
  await gone[Symbol.asyncDispose]()
  await call(url)
  await call(url)
  await vi.waitFor(() => expect(spans.named('GET /v1/users/*')).toHaveLength(2))
  const own = spans.named('GET /v1/users/*')
  expect(own.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([spanId, spanId])
  expect(seen).toEqual(own.map((span) => `00-${traceId}-${span.spanContext().spanId}-01`))
})

it('says of a call that is not recorded that it is not to be, in the caller’s trace or in a new one', async () => {
  owned.use(recordSpans())
  // Propagation is left, and nothing that records.
  trace.disable()
  const process = owned.use(await startUpstream(answer))
  const { url } = owned.use(await startGateway([process.url]))
  const unrecorded = `00-${traceId}-${spanId}-00`
  await call(url, { traceparent: unrecorded })
  await call(url)
  await call(url, {})
  expect(seen).toEqual([unrecorded, unrecorded, expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-00$/)])
})

it('leaves the caller’s header as it is without an SDK', async () => {
  const process = owned.use(await startUpstream(answer))
  const { url } = owned.use(await startGateway([process.url]))
  await call(url)
  expect(seen).toEqual([traceparent])
})
