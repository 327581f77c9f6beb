import type { RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startGateway, startUpstream, type TestGateway, type TestUpstream } from './testing.ts'

let owned = new AsyncDisposableStack()
afterEach(async () => {
  await owned.disposeAsync()
  owned = new AsyncDisposableStack()
})
const upstream = async (answer: RequestListener, port?: number): Promise<TestUpstream> =>
  owned.use(await startUpstream(answer, port))
const gateway = async (urls: readonly string[], more?: Record<string, string>): Promise<TestGateway> =>
  owned.use(await startGateway(urls, more))

const json = (response: ServerResponse, body: object): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
const echo: RequestListener = (request, response) =>
  void text(request).then((body) =>
    json(response, { method: request.method, url: request.url, headers: request.headers, body }),
  )
interface Echo {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}
const breakOff: RequestListener = (request) => request.socket.destroy()
const post = (body: string | ReadableStream): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json' },
  duplex: 'half',
})
const codeOf = async (response: Response): Promise<string> => {
  const body = (await response.json()) as { error: { code: string } }
  return body.error.code
}

describe('forwarding', () => {
  it('passes a call on as it is, with its request id and who called', async () => {
    const process = await upstream(echo)
    const { url } = await gateway([process.url])
    const body = JSON.stringify({ features: ['orders'] })
    const response = await fetch(`${url}/v1/features/a%2Fb?x=1&x=2`, {
      ...post(body),
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine', authorization: 'Bearer key' },
    })
    expect(response.headers.get('x-request-id')).toBe('mine')
    const seen = (await response.json()) as Echo
    expect(seen).toMatchObject({ method: 'POST', url: '/v1/features/a%2Fb?x=1&x=2', body })
    expect(seen.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
      authorization: 'Bearer key',
      'x-request-id': 'mine',
      'x-forwarded-for': '127.0.0.1',
      host: new URL(process.url).host,
    })
  })

  it('passes bodies of any length and of unknown length', async () => {
    const process = await upstream(echo)
    const { url } = await gateway([process.url], { RAPPORT_GATEWAY_HELD_BYTES: '1000' })
    const long = 'x'.repeat(3_000_000)
    expect(await (await fetch(`${url}/v1/state`, post(long))).json()).toMatchObject({ body: long })
    const unknown = await fetch(`${url}/v1/state`, post(new Blob([long]).stream()))
    expect(await unknown.json()).toMatchObject({ body: long })
    const without = (await (await fetch(`${url}/v1/state`, { method: 'DELETE' })).json()) as Echo
    expect(without).toMatchObject({ method: 'DELETE', body: '' })
  })

  it('passes an answer on while it is still being made, and status and headers', async () => {
    let end = (): void => {}
    const process = await upstream((_request, response) => {
      response.writeHead(418, { 'content-type': 'text/event-stream', 'x-own': 'yes' }).write('first')
      end = () => response.end('last')
    })
    const { url } = await gateway([process.url])
    const response = await fetch(`${url}/v1/state/tail`)
    expect(response.status).toBe(418)
    expect(response.headers.get('x-own')).toBe('yes')
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    end()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('last')
  })

  it('takes the process with the fewest calls in flight, and forgets callers who went away', async () => {
    const waiting: ServerResponse[] = []
    const first = await upstream((_request, response) => void waiting.push(response))
    const second = await upstream((_request, response) => void waiting.push(response))
    const { url } = await gateway([first.url, second.url])
    const leaving = new AbortController()
    const calls = [leaving.signal, undefined].map(async (signal) => {
      const response = await fetch(`${url}/v1/users/u1`, signal === undefined ? {} : { signal }).catch(() => undefined)
      return response?.status
    })
    await vi.waitFor(() => expect([first.calls.length, second.calls.length]).toEqual([1, 1]))
    leaving.abort()
    expect(await calls[0]).toBeUndefined()
    const third = fetch(`${url}/v1/users/u3`)
    await vi.waitFor(() => expect(waiting).toHaveLength(3))
    expect(new Set([first.calls.length, second.calls.length])).toEqual(new Set([1, 2]))
    for (const response of waiting) response.end()
    expect((await third).status).toBe(200)
    expect(await calls[1]).toBe(200)
  })

  it('knows no other paths', async () => {
    const { url } = await gateway([(await upstream(echo)).url])
    const response = await fetch(`${url}/v1/nothing`)
    expect(response.status).toBe(404)
    expect(await codeOf(response)).toBe('RPT_HTTP_NOT_FOUND')
  })
})

describe('readiness', () => {
  it('sends nothing to a process that is not ready, until it is', async () => {
    const first = await upstream(echo)
    const second = await upstream(echo)
    first.isReady = false
    const { url, metrics } = await gateway([first.url, second.url])
    for (let call = 0; call < 4; call += 1) expect((await fetch(`${url}/v1/users/u1`)).status).toBe(200)
    expect([first.calls.length, second.calls.length]).toEqual([0, 4])
    expect(await metrics.metrics()).toContain(
      `rapport_gateway_upstream_ready{service="feature",upstream="${first.url}"} 0`,
    )
    first.isReady = true
    second.isReady = false
    await vi.waitFor(async () => {
      await fetch(`${url}/v1/users/u1`)
      expect(first.calls.length).toBeGreaterThan(0)
    })
  })

  it('says 503 with Retry-After when no process is ready, and when one is again it serves', async () => {
    const process = await upstream(echo)
    process.isReady = false
    const { url } = await gateway([process.url])
    const response = await fetch(`${url}/v1/users/u1`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await codeOf(response)).toBe('RPT_HTTP_UNAVAILABLE')
    expect((await fetch(`${url}/health/ready`)).status).toBe(503)
    process.isReady = true
    await vi.waitFor(async () => expect((await fetch(`${url}/v1/users/u1`)).status).toBe(200))
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
  })
})

describe('a process that is gone', () => {
  /** Two processes that the gateway believes ready, the first of which ends before the gateway asks again. */
  const withOneGone = async (more: Record<string, string> = {}) => {
    const [gone, left] = [await startUpstream(echo), await upstream(echo)]
    const made = await gateway([gone.url, left.url], { RAPPORT_GATEWAY_PROBE_MS: '60000', ...more })
    await gone[Symbol.asyncDispose]()
    return { ...made, left }
  }

  it('has its calls taken by another, whatever the method', async () => {
    const { url, metrics, left } = await withOneGone()
    const bodies = await Promise.all(
      ['one', 'two', 'three'].map(async (body) => (await fetch(`${url}/v1/state`, post(body))).json()),
    )
    expect(bodies).toMatchObject([{ body: 'one' }, { body: 'two' }, { body: 'three' }])
    expect(left.calls).toHaveLength(3)
    expect(await metrics.metrics()).toMatch(/rapport_gateway_rerouted_total\{service="feature"\} [12]/)
  })

  it('answers a streamed call that it took with 503, and the next goes to another', async () => {
    const { url } = await withOneGone({ RAPPORT_GATEWAY_HELD_BYTES: '0' })
    const statuses = [
      (await fetch(`${url}/v1/state`, post('one'))).status,
      (await fetch(`${url}/v1/state`, post('two'))).status,
    ]
    expect(statuses).toEqual([503, 200])
  })

  it('has its reads repeated by another when it breaks off, and its writes not', async () => {
    const broken = await upstream(breakOff)
    const sound = await upstream(echo)
    const { url } = await gateway([broken.url, sound.url])
    const reads = await Promise.all([1, 2].map(async () => (await fetch(`${url}/v1/users/u1`)).status))
    expect(reads).toEqual([200, 200])
    const writes = await Promise.all(
      [1, 2].map(async (body) => (await fetch(`${url}/v1/state`, post(String(body)))).status),
    )
    expect(new Set(writes)).toEqual(new Set([200, 503]))
    expect(sound.calls.filter((call) => call.startsWith('POST'))).toHaveLength(1)
  })

  it('behind the only address of a service has its reads repeated there once, as another may be behind it', async () => {
    let brokenOff = 0
    const address = await upstream((request, response) => {
      if (request.url === '/v1/users/u2' || brokenOff === 0) {
        brokenOff += 1
        breakOff(request, response)
      } else echo(request, response)
    })
    const { url } = await gateway([address.url])
    expect((await fetch(`${url}/v1/users/u1`)).status).toBe(200)
    expect((await fetch(`${url}/v1/users/u2`)).status).toBe(503)
    expect(address.calls).toEqual(['GET /v1/users/u1', 'GET /v1/users/u1', 'GET /v1/users/u2', 'GET /v1/users/u2'])
  })

  it('costs 504 when it is there and does not answer', async () => {
    const { url } = await gateway([(await upstream(() => {})).url], { RAPPORT_GATEWAY_TIMEOUT_SECONDS: '1' })
    const response = await fetch(`${url}/v1/users/u1`)
    expect(response.status).toBe(504)
    expect(await codeOf(response)).toBe('RPT_GATEWAY_TIMEOUT')
  })
})

describe('the description', () => {
  it('is made of those of the services that can be reached', async () => {
    const paths = { '/v1/users/{id}': { get: {} }, '/health/live': { get: {} } }
    const process = await upstream((_request, response) =>
      json(response, { paths, components: { schemas: { A: {} } } }),
    )
    const { url } = await gateway([process.url])
    expect(await (await fetch(`${url}/openapi.json`)).json()).toEqual({
      openapi: '3.1.0',
      info: { title: 'Rapport', version: '1.2.3' },
      servers: [{ url: '/' }],
      paths: { '/v1/users/{id}': { get: {} } },
      components: { schemas: { A: {} } },
    })
  })

  it('leaves out a service that breaks off in the middle of its own', async () => {
    const whole = await upstream((_request, response) => json(response, { paths: { '/v1/users/{id}': { get: {} } } }))
    const half = await upstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"paths":', () => response.destroy())
    })
    const { url } = await gateway([whole.url], { RAPPORT_RECOMMENDATION_URLS: half.url })
    await vi.waitFor(async () => expect((await fetch(`${url}/v1/users/u1`)).status).toBe(200))
    const answer = await fetch(`${url}/openapi.json`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ paths: { '/v1/users/{id}': { get: {} } } })
    expect(half.calls).toEqual(['GET /openapi.json'])
  })
})

describe('stopping', () => {
  it('lets calls in flight end', async () => {
    let end = (): void => {}
    const process = await upstream((_request, response) => {
      end = () => response.end('done')
    })
    const made = await startGateway([process.url])
    const answer = fetch(`${made.url}/v1/users/u1`)
    await vi.waitFor(() => expect(process.calls).toHaveLength(1))
    const closed = made[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(made.server.app.server.listening).toBe(false))
    end()
    expect(await (await answer).text()).toBe('done')
    await closed
    await expect(fetch(`${made.url}/health/live`)).rejects.toThrow('fetch failed')
  })
})
