import { once } from 'node:events'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpApp } from '../service.ts'
import { createTestPlatform, type TestPlatform } from '../testing.ts'

const limitMs = 400
let platform: TestPlatform
let url: string
let key: string

function routes(app: HttpApp): void {
  app.addContentTypeParser('application/x-ndjson', (request, payload, done) => {
    request.streamBody()
    done(null, payload)
  })
  const config = { scope: 'recommend' } as const
  app.post('/v1/recommendations/echo', { config }, (request, reply) =>
    reply.header('content-type', 'application/x-ndjson').send(request.body),
  )
  app.post(
    '/v1/recommendations/whole',
    { config },
    async (request) => (await (request.body as Readable).toArray()).length,
  )
  app.post('/v1/recommendations/early', { config }, () => 'answered')
}

beforeEach(async () => {
  platform = await createTestPlatform()
  key = await platform.issueKey('acme', ['recommend'])
  const services = [{ name: 'recommendation', routes, notReady: () => [] }] as const
  const server = await platform.serve(services, { requestMs: limitMs })
  ;({ url } = await server.listen({ port: 0 }))
})
afterEach(() => platform[Symbol.asyncDispose]())

function post(path: string, type = 'application/x-ndjson'): { call: ClientRequest; answer: Promise<IncomingMessage> } {
  const headers = { authorization: `Bearer ${key}`, 'content-type': type }
  const call = httpRequest(`${url}/v1/recommendations/${path}`, { method: 'POST', headers })
  const answer = once(call, 'response').then(([message]) => message as IncomingMessage)
  call.on('error', () => undefined)
  return { call, answer }
}

/** Sends a byte ten times in the limit, for so many limits or until the connection is closed. */
async function trickle(call: ClientRequest, limits: number): Promise<'open' | 'closed'> {
  const closed = once(call, 'close').then(() => 'closed' as const)
  for (let sent = 0; sent < limits * 10; sent += 1) {
    call.write('\n')
    if ((await Promise.race([closed, setTimeout(limitMs / 10)])) === 'closed') return 'closed'
  }
  return 'open'
}

describe('a body that is streamed', () => {
  it('takes longer than a whole request may while its bytes come, and ends when they do not', async () => {
    const { call, answer } = post('echo')
    call.write('\n')
    const received = await answer
    const echoed = received.toArray() as Promise<Buffer[]>
    expect(await trickle(call, 2)).toBe('open')
    // The answer has begun, so that nothing can be said any more.
    await expect(echoed).rejects.toThrow('aborted')
  })

  it('is refused when nothing comes and nothing was answered', async () => {
    const { call, answer } = post('whole')
    call.write('\n')
    expect((await answer).statusCode).toBe(408)
  })

  it('is answered when it has ended', async () => {
    const { call, answer } = post('whole')
    expect(await trickle(call, 2)).toBe('open')
    call.end()
    expect((await answer).statusCode).toBe(200)
  })
})

describe('every other body', () => {
  it('has to have come in the limit, however many bytes come', async () => {
    const { call, answer } = post('whole', 'application/json')
    call.write('[')
    void answer.catch(() => undefined)
    expect(await trickle(call, 8)).toBe('closed')
    expect((await answer).statusCode).toBe(408)
  })

  it('is not waited for once the answer is given, streamed or not', async () => {
    const { call, answer } = post('early')
    call.write('\n')
    const received = await answer
    expect(await received.toArray()).toEqual([Buffer.from('answered')])
    expect(await trickle(call, 8)).toBe('closed')
  })

  it('is not streamed by somebody who is not let in', async () => {
    key = 'rpt_unknown'
    const { call, answer } = post('whole')
    call.write('\n')
    expect((await answer).statusCode).toBe(401)
    expect(await trickle(call, 8)).toBe('closed')
  })
})
