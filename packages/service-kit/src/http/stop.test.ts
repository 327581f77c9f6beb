import { Agent, get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestPlatform, type TestPlatform } from '../testing.ts'
import type { HttpServer } from './base-server.ts'

let platform: TestPlatform
let key: string
let entered: number
let release: () => void
let agent: Agent

beforeEach(async () => {
  platform = await createTestPlatform()
  key = await platform.issueKey('acme', ['recommend'])
  entered = 0
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
})
afterEach(async () => {
  release()
  agent.destroy()
  await platform[Symbol.asyncDispose]()
})

async function start(stopMs: number): Promise<{ server: HttpServer; url: string }> {
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const server = await platform.serve(
    [
      {
        name: 'recommendation',
        notReady: () => [],
        routes: (app) => {
          app.get('/v1/recommendations/slow', { config: { scope: 'recommend' } }, async () => {
            entered += 1
            await gate
            return 'done'
          })
        },
      },
    ],
    { stopMs },
  )
  const { url } = await server.listen({ port: 0 })
  return { server, url }
}

function fetchText(url: string): Promise<{ status: number; text: string; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}` }
    const request = get(url, { agent, headers }, (answer: IncomingMessage) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, connection: answer.headers.connection }))
      answer.on('error', reject)
    })
    request.on('error', reject)
  })
}

describe('stopping', () => {
  it('lets a request in flight end, takes no new connection, and does not wait for idle ones', async () => {
    const { server, url } = await start(10_000)
    expect((await fetchText(`${url}/health/live`)).connection).toBe('keep-alive')
    const slow = fetchText(`${url}/v1/recommendations/slow`)
    await vi.waitFor(() => expect(entered).toBe(1))
    const stopped = server[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(server.app.server.listening).toBe(false))
    release()
    expect(await slow).toMatchObject({ status: 200, text: 'done' })
    await stopped
    agent.destroy()
    await expect(fetchText(`${url}/health/live`)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends in bounded time when a request does not', async () => {
    const { server, url } = await start(20)
    const outcome = fetchText(`${url}/v1/recommendations/slow`).then(
      () => 'answered',
      (error: Error) => error.message,
    )
    await vi.waitFor(() => expect(entered).toBe(1))
    await server[Symbol.asyncDispose]()
    expect(await outcome).toBe('socket hang up')
  })
})
