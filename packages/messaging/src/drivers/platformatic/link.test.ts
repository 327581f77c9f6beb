import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { metadataV12 } from '@platformatic/kafka'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toConnectionOptions } from './client-config.ts'
import { Link } from './link.ts'

let server: Server
let sockets: Socket[]
let link: Link

/** A broker that takes every request and answers none. */
beforeEach(async () => {
  sockets = []
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  link = new Link({ host: '127.0.0.1', port }, 'test', toConnectionOptions({ brokers: [], connectTimeoutMs: 500 }))
})
afterEach(() => {
  link.cut('the test is over')
  for (const socket of sockets) socket.destroy()
  server.close()
})

const ask = (timeoutMs: number) => link.request(metadataV12.api, [[], false, false], timeoutMs)

test('a request that is not answered in time ends the link, and what was sent after it', async () => {
  const [first, second] = [ask(50), ask(10_000)]
  await expect(first).rejects.toMatchObject({ type: 'REQUEST_TIMEOUT', canRetry: true })
  await expect(second).rejects.toMatchObject({ type: 'CONNECTION' })
  expect(link.isOpen).toBe(false)
})

test('cut, what is under way rejects at once', async () => {
  const asked = ask(10_000)
  asked.catch(() => undefined)
  await expect.poll(() => sockets.length).toBe(1)
  link.cut('the test says so')
  await expect(asked).rejects.toMatchObject({ type: 'CONNECTION' })
})

test('cut before it is connected, too', async () => {
  const asked = ask(10_000)
  link.cut('the test says so')
  await expect(asked).rejects.toMatchObject({
    type: 'CONNECTION',
    message: expect.stringContaining('the test says so'),
  })
})

test('is not open any more when the broker has gone', async () => {
  const asked = ask(10_000)
  asked.catch(() => undefined)
  await expect.poll(() => sockets.length).toBe(1)
  for (const socket of sockets) socket.destroy()
  await expect(asked).rejects.toMatchObject({ type: 'CONNECTION' })
  expect(link.isOpen).toBe(false)
  await expect(ask(10_000)).rejects.toMatchObject({ type: 'CONNECTION' })
})
