import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectStore } from '../../object-store.ts'
import { describeObjectStore } from '../../port-suite.ts'
import { connectS3ObjectStore, type S3ObjectStoreOptions } from './index.ts'
import { newPlace, type S3Place } from './testing/s3-place.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const mebibyte = 1024 * 1024

describeObjectStore('s3', async () => {
  const place = await newPlace()
  return {
    connect: () => connectS3ObjectStore({ ...place.options, prefix: 'below/this', conditionalPuts: 'native' }),
    [Symbol.asyncDispose]: () => place.remove(),
  }
})

describe('S3 driver', () => {
  let stack: AsyncDisposableStack
  let place: S3Place
  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    place = await newPlace()
    stack.defer(() => place.remove())
  })
  afterEach(() => stack.disposeAsync())

  const connect = async (options: Partial<S3ObjectStoreOptions> = {}): Promise<ObjectStore> =>
    stack.use(await connectS3ObjectStore({ ...place.options, conditionalPuts: 'native', ...options }))
  const keysOf = async (store: ObjectStore, prefix: string, after?: string): Promise<string[]> => {
    const listed = await Array.fromAsync(store.list(prefix, after === undefined ? {} : { after }))
    return listed.map(({ key }) => key)
  }

  describe('opening', () => {
    const config = (message: string) =>
      expect.objectContaining({
        code: 'RPT_OBJECT_STORE_CONFIG',
        canRetry: false,
        message: expect.stringContaining(message),
      })

    it('says what is wrong with the bucket', async () => {
      await expect(connect({ bucket: 'there-is-no-such-bucket' })).rejects.toThrow(
        config(
          `the bucket "there-is-no-such-bucket" at ${place.options.endpoint} does not exist: it is made by whoever runs the store, before Rapport starts`,
        ),
      )
    })

    it.each<[string, Partial<S3ObjectStoreOptions>]>([
      ['bucket "No Bucket" is not a bucket name', { bucket: 'No Bucket' }],
      ['region is empty', { region: '' }],
      ['endpoint is no http or https address', { endpoint: '127.0.0.1:9000' }],
      ['endpoint holds credentials', { endpoint: 'http://someone:secret@127.0.0.1' }],
      ['prefix: object key "a//b" has an empty component', { prefix: 'a//b' }],
      ['partBytes must be a whole number of at least 5242880', { limits: { partBytes: 1000 } }],
      ['maxAttempts must be a whole number', { limits: { maxAttempts: Number.NaN } }],
      ['conditionalPuts "locked" needs a lock', { conditionalPuts: 'locked' }],
    ])('refuses options: %s', async (problem, options) => {
      const refused = connect(options)
      await expect(refused).rejects.toThrow(config(problem))
      await expect(refused).rejects.not.toThrow('secret')
    })

    it('speaks to the bucket as a host when it is told to', async () => {
      const limits = { maxAttempts: 1, callTimeoutMs: 5000 }
      const opened = connect({ endpoint: 'http://store.invalid', pathStyle: false, limits })
      await expect(opened).rejects.toThrow(`${place.options.bucket}.store.invalid`)
    })

    it('removes uploads that were abandoned long ago, below its prefix alone', async () => {
      const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
      const Bucket = place.options.bucket
      for (const Key of ['mine/a', 'mine/b', 'theirs/c']) {
        await place.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      }
      await connect({ prefix: 'mine', log })
      expect(await place.unfinishedUploads()).toHaveLength(3)
      await connect({ prefix: 'mine', log, limits: { abandonedUploadMs: 1 } })
      expect(log.info).toHaveBeenCalledExactlyOnceWith({ bucket: Bucket, removed: 2 }, expect.any(String))
      const [UploadId] = await place.unfinishedUploads()
      await place.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'theirs/c', UploadId }))
      expect(await place.unfinishedUploads()).toEqual([])
    })
  })

  describe('keys', () => {
    it('lie below the prefix, and see nothing beside it', async () => {
      const [store, beside] = [await connect({ prefix: 'a/b/' }), await connect({ prefix: 'a/bc' })]
      await store.put('key', text('x'))
      await beside.put('other', text('y'))
      expect(await place.allKeys()).toEqual(['a/b/key', 'a/bc/other'])
      expect(await keysOf(store, '')).toEqual(['key'])
      expect(await keysOf(beside, 'o')).toEqual(['other'])
      expect(await store.head('other')).toBeUndefined()
      const longest = `${'k'.repeat(250)}/`.repeat(4)
      await store.put(`${longest}${'k'.repeat(1020 - longest.length)}`, text('x'))
      const tooLong = store.put(`${longest}${'k'.repeat(1021 - longest.length)}`, text('x'))
      await expect(tooLong).rejects.toThrow("with the store's own prefix is longer than 1024 bytes")
    })

    it('are listed without what is reserved and what other programs make of folders', async () => {
      const store = await connect()
      const Bucket = place.options.bucket
      for (const Key of ['.rapport-object-store/probe/x', 'folder/']) {
        await place.client.send(new PutObjectCommand({ Bucket, Key, Body: text('') }))
      }
      await store.put('folder/key', text('x'))
      expect(await keysOf(store, '')).toEqual(['folder/key'])
      await expect(store.put('.rapport-object-store/x', text('x'))).rejects.toThrow('reserved component')
    })

    it('come in the order of their bytes, over several pages, and continue behind any text', async () => {
      const store = await connect({ prefix: 'p' })
      const stems = ['a-b', 'a/b', 'a.b', 'a b', 'a+b', 'a&b', 'a%2Fb', 'é', '\ufffd', '\u{1f600}', '数据', 'A', '~']
      const keys = stems.flatMap((stem) => Array.from({ length: 90 }, (_, at) => `${stem}/${at}`))
      const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      for (let at = 0; at < keys.length; at += 30) {
        await Promise.all(keys.slice(at, at + 30).map((key) => store.put(key, text(key))))
      }
      expect(keys.length).toBeGreaterThan(1000)
      expect(await keysOf(store, '')).toEqual(sorted)
      const behind = sorted.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from('a/b/zzz')) > 0)
      expect(await keysOf(store, '', 'a/b/zzz')).toEqual(behind)
      await store.delete(sorted)
      expect(await place.allKeys()).toEqual([])
    })
  })

  it('streams 64 MiB up and down in bounded memory', async () => {
    const store = await connect()
    const block = Buffer.alloc(mebibyte, 'every block is like the others ')
    const sent = createHash('sha256')
    let most = 0
    const watch = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers)
    }
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 64; at += 1) {
        block.writeUInt32LE(at, 0)
        sent.update(block)
        watch()
        yield block
      }
    }
    const before = process.memoryUsage().arrayBuffers
    const outcome = await store.put('large', body(), { ifAbsent: true })
    expect((most - before) / mebibyte).toBeLessThan(40)

    const received = createHash('sha256')
    let isFirst = true
    for await (const chunk of (await store.open('large'))?.body ?? []) {
      received.update(chunk)
      if (!isFirst) continue
      isFirst = false
      // Nothing more than a little is read ahead of a reader who takes its time.
      const held = process.memoryUsage().arrayBuffers
      await delay(300)
      most = process.memoryUsage().arrayBuffers - held
    }
    expect(most / mebibyte).toBeLessThan(8)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    const object = await store.head('large')
    expect(object?.bytes).toBe(64 * mebibyte)
    expect(outcome).toEqual({ stored: true, etag: object?.etag })
    expect(await Array.fromAsync(store.list(''))).toEqual([object])
  })

  it('uploads nothing of a large object whose condition does not hold', async () => {
    const store = await connect()
    await store.put('large', text('here'))
    const body = Buffer.alloc(20 * mebibyte)
    expect(await store.put('large', body, { ifAbsent: true })).toEqual({ stored: false })
    expect(await store.put('large', body, { ifMatch: 'another' })).toEqual({ stored: false })
    expect(await store.put('large', body, { ifMatch: 'no "tag"\r\n' })).toEqual({ stored: false })
    expect(await place.unfinishedUploads()).toEqual([])
    expect((await store.head('large'))?.bytes).toBe(4)
  })

  it('answers ranges that make no sense as such', async () => {
    const store = await connect()
    await store.put('key', text('0123456789'))
    const range = expect.objectContaining({ code: 'RPT_OBJECT_RANGE' })
    for (const [first, last] of [
      [5, 4],
      [-1, 4],
      [0.5, 4],
      [10, 11],
    ] as const) {
      await expect(store.open('key', { first, last })).rejects.toThrow(range)
    }
    expect(await store.open('none', { first: 5, last: 4 })).toBeUndefined()
  })
})
