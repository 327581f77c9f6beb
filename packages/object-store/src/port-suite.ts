import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore } from './object-store.ts'
import { asText, etagOf, inChunks, increment, keysOf, numberedBytes, readAll, sha256, text } from './suite/bodies.ts'

/** An empty place of its own for one test; disposing removes it. */
export interface ObjectStoreFixture extends AsyncDisposable {
  /** A client of that place; each call gives another one. The suite disposes it. */
  connect(): Promise<ObjectStore>
}

/** The contract of the object store port, run unchanged against every driver. */
export function describeObjectStore(name: string, open: () => Promise<ObjectStoreFixture>): void {
  describe(`${name}: object store port`, () => {
    let stack: AsyncDisposableStack
    let fixture: ObjectStoreFixture
    let store: ObjectStore
    const connect = async (): Promise<ObjectStore> => stack.use(await fixture.connect())

    beforeEach(async () => {
      stack = new AsyncDisposableStack()
      fixture = stack.use(await open())
      store = await connect()
    })
    afterEach(() => stack.disposeAsync())

    describe('objects', () => {
      it('gives back what was put, to every client', async () => {
        const before = Date.now()
        const outcome = await store.put('a/b/c.json', text('hello'))
        const other = await connect()
        const read = await other.get('a/b/c.json')
        expect(asText(read?.body)).toBe('hello')
        expect(outcome).toEqual({ stored: true, etag: read?.object.etag })
        expect(read?.object).toMatchObject({ key: 'a/b/c.json', bytes: 5 })
        expect(Math.abs((read?.object.modifiedAtMs ?? 0) - before)).toBeLessThan(60_000)
        expect(await other.head('a/b/c.json')).toEqual(read?.object)
      })

      it('counts no failure where the answer is no', async () => {
        await store.put('standing', text('hello'))
        expect(await store.put('standing', text('other'), { ifAbsent: true })).toEqual({ stored: false })
        expect(await store.get('missing')).toBeUndefined()
        await expect(store.open('standing', { first: 10 })).rejects.toThrow('open standing: bytes 10')
        expect(store.stats().failuresTotal).toBe(0)
        await store[Symbol.asyncDispose]()
        expect(() => store.stats()).not.toThrow()
      })

      it('has values for what is not there', async () => {
        expect(await store.get('no/such')).toBeUndefined()
        expect(await store.head('no/such')).toBeUndefined()
        expect(await store.open('no/such')).toBeUndefined()
        expect(await keysOf(store, 'no/')).toEqual([])
        await expect(store.delete(['no/such', 'none'])).resolves.toBeUndefined()
      })

      it('replaces an object and its etag, also by a body of the same size', async () => {
        const etags = new Set<string>()
        for (let round = 0; round < 50; round += 1) {
          await store.put('replaced', text(`body ${String(round).padStart(3, '0')}`))
          etags.add(await etagOf(store, 'replaced'))
        }
        expect(etags.size).toBe(50)
        expect(asText((await store.get('replaced'))?.body)).toBe('body 049')
      })

      it('deletes, and stores again at the same key and around it', async () => {
        await store.put('gone/a', text('1'))
        await store.put('gone/b', text('2'))
        await store.delete(['gone/a', 'gone/b'])
        expect(await keysOf(store, '')).toEqual([])
        await store.put('gone', text('now an object'))
        expect(asText((await store.get('gone'))?.body)).toBe('now an object')
      })

      it('keeps empty objects and unusual keys', async () => {
        const keys = ['empty', 'with space/ü/数据.json', 'percent%2F', 'dot.in.name/.hidden', 'quote\'"#?*']
        for (const key of keys) await store.put(key, text(key === 'empty' ? '' : key))
        expect((await store.get('empty'))?.body.byteLength).toBe(0)
        expect((await readAll((await store.open('empty'))!.body)).byteLength).toBe(0)
        for (const key of keys.slice(1)) expect(asText((await store.get(key))?.body)).toBe(key)
        expect((await keysOf(store, '')).toSorted()).toEqual(keys.toSorted())
      })

      it.each([
        ['', 'an empty component'],
        ['/absolute', 'an empty component'],
        ['folder/', 'an empty component'],
        ['a//b', 'an empty component'],
        ['../outside', 'the component ".."'],
        ['a/../../outside', 'the component ".."'],
        ['a/./b', 'the component "."'],
        ['back\\slash', 'a control character or a backslash'],
        ['nul\u0000', 'a control character or a backslash'],
        ['lone\ud800', 'not well-formed'],
        ['k'.repeat(1025), 'longer than 1024 bytes'],
        ['k'.repeat(256), 'more than 255 bytes'],
      ])('refuses the key %j', async (key, reason) => {
        const refusal = expect.objectContaining({ code: 'RPT_OBJECT_KEY', message: expect.stringContaining(reason) })
        await expect(store.put(key, text('x'))).rejects.toThrow(refusal)
        await expect(store.get(key)).rejects.toThrow(refusal)
        await expect(store.open(key)).rejects.toThrow(refusal)
        await expect(store.head(key)).rejects.toThrow(refusal)
        await expect(store.delete(['fine', key])).rejects.toThrow(refusal)
      })

      it('refuses a prefix that leaves the store', async () => {
        await expect(keysOf(store, '../')).rejects.toThrow(expect.objectContaining({ code: 'RPT_OBJECT_KEY' }))
      })
    })

    describe('conditions', () => {
      it('puts if absent', async () => {
        expect(await store.put('once', text('first'), { ifAbsent: true })).toMatchObject({ stored: true })
        expect(await store.put('once', text('second'), { ifAbsent: true })).toEqual({ stored: false })
        expect(await store.put('once', inChunks(text('third'), 2), { ifAbsent: true })).toEqual({ stored: false })
        expect(asText((await store.get('once'))?.body)).toBe('first')
      })

      it('puts if the etag matches', async () => {
        expect(await store.put('cas', text('x'), { ifMatch: 'none' })).toEqual({ stored: false })
        const first = await store.put('cas', text('1'))
        if (!first.stored) throw new Error('unconditional put was not stored')
        const second = await store.put('cas', inChunks(text('2'), 1), { ifMatch: first.etag })
        expect(second.stored).toBe(true)
        expect(await store.put('cas', text('3'), { ifMatch: first.etag })).toEqual({ stored: false })
        expect(asText((await store.get('cas'))?.body)).toBe('2')
        await store.delete(['cas'])
        const etag = second.stored ? second.etag : ''
        expect(await store.put('cas', text('4'), { ifMatch: etag })).toEqual({ stored: false })
      })

      it('refuses two conditions at once', async () => {
        const both = store.put('both', text('x'), { ifAbsent: true, ifMatch: 'e' })
        await expect(both).rejects.toThrow(expect.objectContaining({ code: 'RPT_OBJECT_CONDITION' }))
      })

      it('lets one of many racing first writers win', async () => {
        const clients = await Promise.all([connect(), connect(), connect(), connect()])
        for (let round = 0; round < 10; round += 1) {
          const key = `races/${round}`
          const puts = Array.from({ length: 20 }, (_, writer) => {
            const body = text(`writer ${writer}`)
            return clients[writer % 4]!.put(key, writer % 2 === 0 ? body : inChunks(body, 3), { ifAbsent: true })
          })
          const outcomes = await Promise.all(puts)
          const winners = outcomes.flatMap((outcome, writer) => (outcome.stored ? [{ writer, outcome }] : []))
          expect(winners).toHaveLength(1)
          expect(asText((await store.get(key))?.body)).toBe(`writer ${winners[0]?.writer}`)
          expect(winners[0]?.outcome).toEqual({ stored: true, etag: await etagOf(store, key) })
        }
      })

      it('lets one of many racing replacers of one etag win', async () => {
        const clients = await Promise.all([connect(), connect(), connect(), connect()])
        await store.put('swap', text('start'))
        for (let round = 0; round < 10; round += 1) {
          const ifMatch = await etagOf(store, 'swap')
          const puts = Array.from({ length: 12 }, (_, writer) =>
            clients[writer % 4]!.put('swap', text(`round ${round} writer ${writer}`), { ifMatch }),
          )
          const winners = (await Promise.all(puts)).filter((outcome) => outcome.stored)
          expect(winners).toHaveLength(1)
        }
      })

      it('loses no step of a counter', async () => {
        await store.put('counter', text('0'))
        const clients = await Promise.all(Array.from({ length: 6 }, connect))
        await Promise.all(clients.map((client) => increment(client, 'counter', 15)))
        expect(asText((await store.get('counter'))?.body)).toBe('90')
      })

      it('orders unconditional writes and conditional ones', async () => {
        // A conditional writer may only have replaced what it has read: had it overwritten a marker, the marker would be gone.
        const [markers, counters] = [await connect(), await connect()]
        await store.put('mixed', text('{"count":0,"marks":0}'))
        const bump = async (client: ObjectStore, field: 'count' | 'marks', times: number): Promise<void> => {
          for (let done = 0; done < times;) {
            const current = await client.get('mixed')
            if (current === undefined) throw new Error('mixed is not there')
            const value = JSON.parse(asText(current.body)) as Record<string, number>
            const next = text(JSON.stringify({ ...value, [field]: (value[field] ?? 0) + 1 }))
            if ((await client.put('mixed', next, { ifMatch: current.object.etag })).stored) done += 1
          }
        }
        await Promise.all([bump(markers, 'marks', 20), bump(counters, 'count', 20)])
        expect(JSON.parse(asText((await store.get('mixed'))?.body))).toEqual({ count: 20, marks: 20 })
      })
    })

    describe('large objects, streams and ranges', () => {
      it('stores a stream of unknown length in parts and streams it back', async () => {
        const body = numberedBytes(24 * 1024 * 1024 + 13)
        await store.put('large', inChunks(body, 1_000_003))
        expect((await store.head('large'))?.bytes).toBe(body.byteLength)
        const opened = await store.open('large')
        const hash = createHash('sha256')
        let largestChunk = 0
        for await (const chunk of opened!.body) {
          hash.update(chunk)
          largestChunk = Math.max(largestChunk, chunk.byteLength)
        }
        expect(hash.digest('hex')).toBe(sha256(body))
        expect(largestChunk).toBeLessThan(body.byteLength)
        expect(sha256((await store.get('large'))!.body)).toBe(sha256(body))
      })

      it('leaves nothing of a stream that fails', async () => {
        async function* failing(): AsyncGenerator<Uint8Array> {
          yield numberedBytes(100_000)
          throw new Error('source broke')
        }
        await store.put('kept', text('old'))
        await expect(store.put('kept', failing())).rejects.toThrow('source broke')
        await expect(store.put('never', failing())).rejects.toThrow('source broke')
        expect(asText((await store.get('kept'))?.body)).toBe('old')
        expect(await keysOf(store, '')).toEqual(['kept'])
      })

      it('reads ranges, both ends included', async () => {
        const body = numberedBytes(1000)
        await store.put('ranged', body)
        const range = async (first: number, last?: number): Promise<Uint8Array> => {
          const opened = await store.open('ranged', last === undefined ? { first } : { first, last })
          expect(opened?.object.bytes).toBe(1000)
          return readAll(opened!.body)
        }
        expect(await range(0, 0)).toEqual(Buffer.from(body.subarray(0, 1)))
        expect(await range(10, 19)).toEqual(Buffer.from(body.subarray(10, 20)))
        expect(await range(990)).toEqual(Buffer.from(body.subarray(990)))
        expect(await range(990, 5000)).toEqual(Buffer.from(body.subarray(990)))
        expect(await range(999, 999)).toEqual(Buffer.from(body.subarray(999)))
        await expect(store.open('ranged', { first: 1000 })).rejects.toThrow(
          expect.objectContaining({ code: 'RPT_OBJECT_RANGE' }),
        )
      })

      it('never shows a torn object', async () => {
        const bodies = Array.from({ length: 4 }, (_, writer) => Buffer.alloc(300_000, `${writer}`))
        await store.put('torn', bodies[0]!)
        const writers = bodies.map(async (body) => {
          const client = await connect()
          for (let round = 0; round < 8; round += 1) await client.put('torn', inChunks(body, 50_000))
        })
        const state = { isWriting: true }
        const finished = Promise.all(writers).finally(() => (state.isWriting = false))
        let reads = 0
        while (state.isWriting) {
          const whole = (await store.get('torn'))!.body
          const streamed = await readAll((await store.open('torn'))!.body)
          for (const seen of [whole, streamed]) {
            expect(seen.byteLength).toBe(300_000)
            expect(Buffer.alloc(300_000, seen.subarray(0, 1)).equals(seen)).toBe(true)
          }
          reads += 1
        }
        await finished
        expect(reads).toBeGreaterThan(0)
      })

      it('goes on reading the object that was opened while it is replaced', async () => {
        const old = numberedBytes(3_000_000)
        await store.put('pinned', old)
        const opened = await store.open('pinned')
        await store.put('pinned', text('new'))
        expect(sha256(await readAll(opened!.body))).toBe(sha256(old))
      })
    })

    describe('listing', () => {
      it('lists by prefix in the order of UTF-8 bytes', async () => {
        // U+FFFD sorts before U+1F600 in UTF-8 and behind it in UTF-16; "-" and "." sort before "/", "0" behind it.
        const keys = [
          'a',
          'a-1',
          'a.1',
          'b/1',
          'b/10',
          'b/2',
          'b/x/y',
          'b0',
          'b-',
          'c/\ufffd',
          'c/\u{1f600}',
          'c/é',
          'd',
        ]
        for (const key of keys) await store.put(key, text(key))
        const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
        expect(await keysOf(store, '')).toEqual(sorted)
        expect(await keysOf(store, 'b/')).toEqual(['b/1', 'b/10', 'b/2', 'b/x/y'])
        expect(await keysOf(store, 'b/1')).toEqual(['b/1', 'b/10'])
        expect(await keysOf(store, 'b')).toEqual(['b-', 'b/1', 'b/10', 'b/2', 'b/x/y', 'b0'])
        expect(await keysOf(store, 'b/x')).toEqual(['b/x/y'])
        expect(await keysOf(store, 'zz')).toEqual([])
        for (const [at, key] of sorted.entries()) expect(await keysOf(store, '', key)).toEqual(sorted.slice(at + 1))
        expect(await keysOf(store, 'b/', 'b/10')).toEqual(['b/2', 'b/x/y'])
        expect(await keysOf(store, 'b/', 'b/1zzz')).toEqual(['b/2', 'b/x/y'])
        expect(await keysOf(store, 'b/', 'a')).toEqual(['b/1', 'b/10', 'b/2', 'b/x/y'])
        expect(await keysOf(store, 'b/', 'c')).toEqual([])
      })

      it('lists more keys than fit in one page', { timeout: 120_000 }, async () => {
        const keys = Array.from({ length: 2200 }, (_, at) => `many/${at % 7}/${String(at).padStart(6, '0')}`)
        for (let at = 0; at < keys.length; at += 32) {
          await Promise.all(keys.slice(at, at + 32).map((key) => store.put(key, text(key))))
        }
        const found = await Array.fromAsync(store.list('many/'))
        expect(found.map((object) => object.key)).toEqual(keys.toSorted())
        expect(found.every((object) => object.bytes === 13 && object.etag !== '')).toBe(true)
        expect(found[0]).toEqual(await store.head(found[0]!.key))
      })
    })
  })
}
