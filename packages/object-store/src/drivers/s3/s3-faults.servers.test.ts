import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectStore } from '../../object-store.ts'
import { connectS3ObjectStore, type S3ObjectStoreOptions } from './index.ts'
import { type Fault, type FaultProxy, startFaultProxy } from './testing/fault-proxy.ts'
import { newPlace, type S3Place } from './testing/s3-place.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const unavailable = expect.objectContaining({ code: 'RPT_OBJECT_STORE_UNAVAILABLE', canRetry: true })
const body = Buffer.alloc(3_000_000, 'numbers and letters ')
const slowDown = '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'

describe('S3 driver on a bad day', () => {
  let stack: AsyncDisposableStack
  let place: S3Place
  let proxy: FaultProxy
  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    place = await newPlace()
    stack.defer(() => place.remove())
    proxy = stack.use(await startFaultProxy(place.options.endpoint))
  })
  afterEach(() => stack.disposeAsync())

  const connect = async (options: Partial<S3ObjectStoreOptions> = {}): Promise<ObjectStore> => {
    const common = { ...place.options, endpoint: proxy.endpoint, conditionalPuts: 'native' } as const
    return stack.use(await connectS3ObjectStore({ ...common, ...options }))
  }
  const always = (method: string, fault: Fault): void => {
    proxy.fault = (incoming) => (incoming.method === method ? fault : undefined)
  }
  const firstOf = (method: string, fault: Fault): void => {
    proxy.fault = (incoming) => (incoming.method === method && proxy.happened.length === 0 ? fault : undefined)
  }
  const readAll = async (store: ObjectStore, key: string): Promise<Buffer> => {
    const opened = await store.open(key)
    return Buffer.concat(await Array.fromAsync(opened?.body ?? []))
  }

  describe('reading', () => {
    const corrupt = expect.objectContaining({ code: 'RPT_OBJECT_CORRUPT', canRetry: false })

    it.each<[string, Fault]>([
      ['breaks off', { kind: 'cut', afterBytes: 1_000_000 }],
      ['has a bit that was flipped', { kind: 'flip', atByte: 2_000_000 }],
      ['stands still', { kind: 'stall', afterBytes: 1_000_000 }],
    ])('an object whose download %s is an error, never short or wrong data', async (_, fault) => {
      const store = await connect({ limits: { idleBodyTimeoutMs: 300 } })
      await store.put('key', body)
      always('GET', fault)
      await expect(readAll(store, 'key')).rejects.toThrow(unavailable)
      expect(proxy.happened).toHaveLength(1)
      // The same wrong bytes at each of three tries: it is the object.
      await expect(store.get('key')).rejects.toThrow(fault.kind === 'flip' ? corrupt : unavailable)
      expect(proxy.happened).toHaveLength(4)
      firstOf('GET', fault)
      proxy.happened.length = 0
      expect(body.equals((await store.get('key'))?.body ?? new Uint8Array())).toBe(true)
      expect(proxy.happened).toHaveLength(1)
      expect(store.stats().failuresTotal).toBe(5)
    })

    it('notices a flipped bit in an object that was stored in parts', async () => {
      const store = await connect({ limits: { partBytes: 5 * 1024 * 1024 } })
      const large = Buffer.alloc(11_000_000, 'parts ')
      await store.put('large', large)
      expect(large.equals(await readAll(store, 'large'))).toBe(true)
      always('GET', { kind: 'flip', atByte: 7_000_000 })
      await expect(readAll(store, 'large')).rejects.toThrow(/reading large: .*[Cc]hecksum/)
    })

    it('closes the connection of a reader who breaks off, and of one who never reads', async () => {
      const store = await connect({ limits: { idleBodyTimeoutMs: 300 } })
      const large = Buffer.alloc(30_000_000, 'x')
      await store.put('large', large)
      const before = proxy.openConnections()
      const opened = await Promise.all(Array.from({ length: 10 }, () => store.open('large')))
      expect(proxy.openConnections()).toBeGreaterThanOrEqual(10)
      for (const one of opened.slice(0, 5)) {
        for await (const chunk of one?.body ?? []) {
          expect(chunk.byteLength).toBeGreaterThan(0)
          break
        }
      }
      await vi.waitFor(() => expect(proxy.openConnections()).toBeLessThanOrEqual(before), { timeout: 5000 })
      await expect(Array.fromAsync(opened[9]?.body ?? [])).rejects.toThrow(unavailable)
    })

    it('lets a reader take more time than the store may', async () => {
      const store = await connect({ limits: { idleBodyTimeoutMs: 100 } })
      await store.put('key', body)
      const opened = await store.open('key')
      let received = 0
      for await (const chunk of opened?.body ?? []) {
        if (received === 0) await delay(300)
        received += chunk.byteLength
      }
      expect(received).toBe(body.byteLength)
    })
  })

  describe('time', () => {
    const limits = { connectTimeoutMs: 300, requestTimeoutMs: 300, callTimeoutMs: 1000, maxAttempts: 10 }

    it.each(['put', 'head', 'get', 'open', 'list', 'delete'])(
      '%s gives up on a store that never answers',
      async (call) => {
        const store = await connect({ limits })
        proxy.fault = () => ({ kind: 'hang' })
        const calls: Record<string, () => Promise<unknown>> = {
          put: () => store.put('key', text('x')),
          head: () => store.head('key'),
          get: () => store.get('key'),
          open: () => store.open('key'),
          list: () => Array.fromAsync(store.list('')),
          delete: () => store.delete(['key']),
        }
        const begun = performance.now()
        await expect(calls[call]?.()).rejects.toThrow(unavailable)
        const tookMs = performance.now() - begun
        expect(proxy.happened.length).toBeGreaterThan(1)
        expect(tookMs).toBeGreaterThan(250)
        expect(tookMs).toBeLessThan(3000)
      },
    )

    it('says soon that nobody listens', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : 0
      server.close()
      await once(server, 'close')
      const begun = performance.now()
      const refused = connect({ endpoint: `http://127.0.0.1:${port}`, limits })
      await expect(refused).rejects.toThrow(unavailable)
      await expect(refused).rejects.toThrow('ECONNREFUSED')
      expect(performance.now() - begun).toBeLessThan(3000)
    })

    it('comes again after SlowDown and after failures of the server', async () => {
      const store = await connect()
      const faults: Fault[] = [
        { kind: 'answer', status: 503, body: slowDown },
        { kind: 'answer', status: 500, body: '<Error><Code>InternalError</Code></Error>' },
        { kind: 'lose answer' },
      ]
      proxy.fault = () => faults.shift()
      const before = store.stats()
      expect(await store.put('key', text('x'))).toMatchObject({ stored: true })
      expect(proxy.happened).toHaveLength(3)
      const { requestsTotal, failuresTotal } = store.stats()
      expect([requestsTotal - before.requestsTotal, failuresTotal - before.failuresTotal]).toEqual([4, 3])
      always('GET', { kind: 'answer', status: 503, body: slowDown })
      await expect(store.get('key')).rejects.toThrow(/SlowDown \(HTTP 503\)/)
    })

    it('asks only once when the answer will not change', async () => {
      const store = await connect()
      const denied = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
      always('GET', { kind: 'answer', status: 403, body: denied })
      await expect(store.get('key')).rejects.toThrow('AccessDenied (HTTP 403)')
      expect(proxy.happened).toHaveLength(1)
    })
  })

  it('ends what is under way when it is closed', async () => {
    const store = await connect()
    proxy.fault = () => ({ kind: 'hang' })
    const put = store.put('key', text('x')).catch((error: unknown) => error)
    await vi.waitFor(() => expect(proxy.happened).toHaveLength(1))
    await store[Symbol.asyncDispose]()
    expect(await put).toMatchObject({ message: expect.stringContaining('the object store was closed'), canRetry: true })
    await expect(store.head('key')).rejects.toThrow(unavailable)
  })

  it('leaves no parts of an upload that fails, whoever is to blame', async () => {
    const store = await connect({ limits: { partBytes: 5 * 1024 * 1024, maxAttempts: 2 } })
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 4; at += 1) yield Buffer.alloc(5_000_000)
      throw new Error('source broke')
    }
    await expect(store.put('key', failing())).rejects.toThrow('source broke')
    expect(proxy.requests.some((line) => line.includes('partNumber=2'))).toBe(true)
    expect(await place.unfinishedUploads()).toEqual([])

    const state = { isEnded: false }
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(1_000_000)
      } finally {
        state.isEnded = true
      }
    }
    proxy.fault = ({ url = '' }) =>
      url.includes('partNumber=3')
        ? { kind: 'answer', status: 500, body: '<Error><Code>InternalError</Code></Error>' }
        : undefined
    await expect(store.put('key', endless())).rejects.toThrow(unavailable)
    expect(state.isEnded).toBe(true)
    expect(await place.unfinishedUploads()).toEqual([])
    expect(await place.allKeys()).toEqual([])
  })

  it('names the keys that could not be deleted, and tries those again that may pass', async () => {
    const store = await connect()
    const keys = Array.from({ length: 12 }, (_, at) => `gone/${at}`)
    for (const key of keys) await store.put(key, text(key))
    const refusal = (code: string): string =>
      `<DeleteResult>${keys.map((key) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>no</Message></Error>`).join('')}</DeleteResult>`
    firstOf('POST', { kind: 'answer', status: 200, body: refusal('AccessDenied') })
    await expect(store.delete(keys)).rejects.toThrow(/12 were not deleted: gone\/0: AccessDenied no; .* and 7 more/)
    proxy.happened.length = 0
    firstOf('POST', { kind: 'answer', status: 200, body: refusal('SlowDown') })
    await store.delete(keys)
    expect(proxy.happened).toHaveLength(1)
    expect(await place.allKeys()).toEqual([])
  })

  it('keeps secrets out of errors and logs', async () => {
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const credentials = {
      accessKeyId: place.options.credentials.accessKeyId,
      secretAccessKey: 'a-secret-that-is-wrong',
    }
    const wrong = connect({ credentials, log })
    await expect(wrong).rejects.toThrow(expect.objectContaining({ code: 'RPT_OBJECT_STORE_CONFIG' }))
    await expect(wrong).rejects.toThrow('the credentials are wrong')
    const store = await connect({ log })
    const { secretAccessKey } = place.options.credentials
    const leak = `<Error><Code>SignatureDoesNotMatch</Code><Message>for ${secretAccessKey}</Message><StringToSign>${secretAccessKey}</StringToSign></Error>`
    for (const status of [403, 503]) {
      proxy.fault = () => ({ kind: 'answer', status, body: leak })
      const error: unknown = await store.get('key').catch((failure: unknown) => failure)
      expect(error).toEqual(unavailable)
      const shown = inspect([error, log.debug.mock.calls, log.warn.mock.calls], { depth: 20, showHidden: true })
      expect(shown).toContain('SignatureDoesNotMatch')
      expect(shown).toContain('for [redacted]')
      expect(shown).not.toContain(secretAccessKey)
      expect(shown).not.toContain('StringToSign')
    }
  })
})
