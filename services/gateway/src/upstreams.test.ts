import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLogger } from '@rapport/service-kit'
import { afterEach, expect, it, vi } from 'vitest'
import { Upstreams } from './upstreams.ts'

afterEach(() => void vi.unstubAllGlobals())

const late = (): Promise<Response> => Promise.reject(new DOMException('too late', 'TimeoutError'))
const refused = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'))
const ready = (): Promise<Response> => Promise.resolve(new Response('{}'))

/** Whether the process counts as ready after each of the answers to its probes. */
async function readiness(answers: readonly (() => Promise<Response>)[]): Promise<readonly boolean[]> {
  const seen: boolean[] = []
  const done = Promise.withResolvers<void>()
  let next = 0
  vi.stubGlobal('fetch', () => {
    if (next > 0) seen.push(upstreams.all[0]?.isReady === true)
    if (next === answers.length) done.resolve()
    return (answers[next++] ?? ready)()
  })
  const urls = { feature: ['http://127.0.0.1:9'] }
  await using upstreams = new Upstreams({ urls, probeMs: 1, log: createLogger('test', { level: 'silent' }) })
  await upstreams.start()
  await done.promise
  return seen.slice(0, answers.length)
}

it('a process whose answers come late once or twice gets calls all the same, one that says nothing does not', async () => {
  expect(await readiness([ready, late, late, ready, late, late, late, ready])).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
    false,
    true,
  ])
})

it('a process that is not there, or has not been ready yet, gets no calls', async () => {
  expect(await readiness([late, late, ready, refused, ready])).toEqual([false, false, true, false, true])
})

it('every probe comes over a connection of its own, which a Service gives to a process that is ready', async () => {
  const enough = Promise.withResolvers<void>()
  let [connections, probes] = [0, 0]
  const server = createServer((_, response) => {
    probes += 1
    if (probes === 3) enough.resolve()
    response.end('{}')
  }).on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const urls = { feature: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] }
  {
    await using upstreams = new Upstreams({ urls, probeMs: 1, log: createLogger('test', { level: 'silent' }) })
    await upstreams.start()
    await enough.promise
    expect(connections).toBeGreaterThanOrEqual(3)
  }
  server.close()
  expect(connections).toBe(probes)
})
