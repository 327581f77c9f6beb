import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topics } from '@rapport/contracts'
import type { EventLog, LogRecord } from '@rapport/messaging'
import { openEmbeddedEventLog } from '@rapport/messaging/embedded'
import { aliasKey, versionPrefix } from '../model-keys.ts'
import { champion, type Fixture, numberLoader, type NumberModel, openFixture, publish } from '../testing/fixture.ts'
import { createModelHost, type ModelHost, type ModelHostOptions } from './model-host.ts'

describe('the model host', () => {
  let stack: AsyncDisposableStack
  let fixture: Fixture
  let loader: ReturnType<typeof numberLoader>
  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    fixture = stack.use(await openFixture())
    loader = numberLoader()
  })
  afterEach(() => stack.disposeAsync())

  const openHost = (options: Partial<ModelHostOptions<NumberModel>> = {}): ModelHost<NumberModel> =>
    stack.use(
      createModelHost({
        store: fixture.models,
        log: fixture.log,
        clock: fixture.clock,
        loader,
        budgetBytes: 1000,
        ...options,
      }),
    )
  const serve = async (
    version: string,
    value: number,
    rest: { name?: string; bytes?: number; expected?: unknown } = {},
  ) => {
    await publish(fixture.models, { version, value, ...rest })
    await fixture.models.promote({ ...champion, ...(rest.name === undefined ? {} : { name: rest.name }) }, version)
  }
  const valueOf = async (host: ModelHost<NumberModel>, name = 'numbers'): Promise<number | undefined> => {
    using lease = await host.acquire('shop', name)
    return lease?.model.value
  }

  it('loads a champion on first use, once for all who ask', async () => {
    await serve('v1', 1)
    const host = openHost()
    expect(host.stats()).toMatchObject({ usedBytes: 0, models: [] })
    const leases = await Promise.all(Array.from({ length: 20 }, () => host.acquire('shop', 'numbers')))
    expect(leases.map((lease) => lease?.model.value)).toEqual(Array.from({ length: 20 }, () => 1))
    expect(leases[0]).toMatchObject({ revision: 1, manifest: { version: 'v1' } })
    expect(loader.decodes).toBe(1)
    expect(host.stats()).toMatchObject({ loads: 1, usedBytes: 100, models: [{ version: 'v1', leases: 20 }] })
    for (const lease of leases) lease?.[Symbol.dispose]()
    leases[0]?.[Symbol.dispose]()
    expect(host.stats().models).toMatchObject([{ leases: 0 }])
  })

  it('has nothing for a tenant without a model, without asking the store again, until one comes', async () => {
    const host = openHost()
    expect(await host.acquire('shop', 'numbers')).toBeUndefined()
    const reads = vi.spyOn(fixture.objects, 'get')
    expect(await host.acquire('shop', 'numbers')).toBeUndefined()
    expect(host.tryAcquire('shop', 'numbers')).toBeUndefined()
    expect(reads).not.toHaveBeenCalled()
    await serve('v1', 1)
    await host.poll()
    expect(await valueOf(host)).toBe(1)
  })

  it('finds a first champion that nobody has told of within a second or two of its requests', async () => {
    const host = openHost()
    expect(host.tryAcquire('shop', 'numbers')).toBeUndefined()
    await vi.waitFor(async () => expect(await host.acquire('shop', 'numbers')).toBeUndefined())
    await serve('v1', 1)
    fixture.clock.nowMs += 999
    expect(await host.acquire('shop', 'numbers')).toBeUndefined()
    fixture.clock.nowMs += 1
    expect(host.tryAcquire('shop', 'numbers')).toBeUndefined()
    await vi.waitFor(() => expect(host.stats().models).toHaveLength(1))
    expect(await valueOf(host)).toBe(1)
  })

  it('does not make a caller of tryAcquire wait, and loads meanwhile', async () => {
    await serve('v1', 1)
    const host = openHost()
    expect(host.tryAcquire('shop', 'numbers')).toBeUndefined()
    await vi.waitFor(() => expect(host.stats().models).toHaveLength(1))
    using lease = host.tryAcquire('shop', 'numbers')
    expect(lease?.model.value).toBe(1)
  })

  it('tells the version in memory, which loads nothing', async () => {
    await serve('v1', 1)
    const host = openHost()
    expect(host.servingVersion('shop', 'numbers')).toBeUndefined()
    expect(host.stats().loads).toBe(0)
    await valueOf(host)
    expect(host.servingVersion('shop', 'numbers')).toBe('v1')
  })

  it('swaps under load without a failed lease, drains and disposes the old model', async () => {
    await serve('v1', 1)
    const host = openHost({ budgetBytes: 250 })
    const state = { isRunning: true }
    const seen = new Set<number>()
    let requests = 0
    const load = async (): Promise<void> => {
      while (state.isRunning) {
        using lease = await host.acquire('shop', 'numbers')
        if (lease === undefined) throw new Error('no model')
        await nextTurn()
        if (lease.model.isDisposed) throw new Error('disposed under a lease')
        if (Number(lease.manifest.version.slice(1)) !== lease.model.value) throw new Error('manifest of another model')
        seen.add(lease.model.value)
        requests += 1
      }
    }
    const clients = Promise.all(Array.from({ length: 8 }, load))
    for (let value = 2; value <= 12; value += 1) {
      await serve(`v${value}`, value)
      await host.poll()
      const before = requests
      await vi.waitFor(() => expect(requests).toBeGreaterThan(before + 8))
    }
    state.isRunning = false
    await clients
    expect(seen.size).toBe(12)
    expect(host.stats()).toMatchObject({ swaps: 11, loads: 12, usedBytes: 100 })
    expect(loader.loaded.filter(({ isDisposed }) => !isDisposed).map(({ value }) => value)).toEqual([12])
  })

  it('keeps a retired model, and counts it, until its last lease ends', async () => {
    await serve('v1', 1)
    const host = openHost()
    const old = await host.acquire('shop', 'numbers')
    await serve('v2', 2)
    await host.poll()
    expect(await valueOf(host)).toBe(2)
    expect(old?.model).toMatchObject({ value: 1, isDisposed: false })
    expect(host.stats().usedBytes).toBe(200)
    old?.[Symbol.dispose]()
    expect(old?.model.isDisposed).toBe(true)
    expect(host.stats().usedBytes).toBe(100)
  })

  it('goes back with a rollback, under the higher revision', async () => {
    await serve('v1', 1)
    await serve('v2', 2)
    const host = openHost()
    expect(await valueOf(host)).toBe(2)
    await fixture.models.rollback(champion)
    await host.poll()
    using lease = await host.acquire('shop', 'numbers')
    expect(lease).toMatchObject({ model: { value: 1 }, revision: 3, manifest: { version: 'v1' } })
  })

  describe('a version that must not serve', () => {
    const corrupt = (path: string, text: string) =>
      fixture.objects.put(`${versionPrefix({ ...champion, version: 'v2' })}${path}`, new TextEncoder().encode(text))
    const cases: readonly [string, { expected?: unknown; value?: number }, () => Promise<unknown>][] = [
      ['file checksum', {}, () => corrupt('number.txt', '3')],
      ['file size', {}, () => corrupt('number.txt', '33')],
      [
        'file missing',
        {},
        () => fixture.objects.delete([`${versionPrefix({ ...champion, version: 'v2' })}number.txt`]),
      ],
      ['manifest invalid', {}, () => corrupt('manifest.json', '{}')],
      ['decode', { value: Number.NaN }, async () => undefined],
      ['self-check', { expected: { value: 99 } }, async () => undefined],
      ['self-check', { expected: undefined }, async () => undefined],
    ]
    it.each(cases)(
      'is refused for its %s, counted and logged once, while the old one serves',
      async (reason, rest, harm) => {
        await serve('v1', 1)
        const host = openHost()
        expect(await valueOf(host)).toBe(1)
        await serve('v2', rest.value ?? 2, rest)
        await harm()
        for (let poll = 0; poll < 3; poll += 1) await host.poll()
        expect(await valueOf(host)).toBe(1)
        expect([...host.stats().refusals]).toEqual([[reason, 1]])
        expect(fixture.log.lines.filter(({ level }) => level === 'error')).toEqual([
          { level: 'error', message: 'model version refused' },
        ])
        expect(host.stats().usedBytes).toBe(100)
        expect(loader.loaded.filter(({ isDisposed }) => !isDisposed)).toHaveLength(1)
        await serve('v3', 3)
        await host.poll()
        expect(await valueOf(host)).toBe(3)
      },
    )

    it('gives undefined when there is no older one', async () => {
      await serve('v1', 1, { expected: { value: 5 } })
      const host = openHost()
      expect(await host.acquire('shop', 'numbers')).toBeUndefined()
      expect(await host.acquire('shop', 'numbers')).toBeUndefined()
      expect(loader.decodes).toBe(1)
    })

    it('leaves a process that has just begun with the newest version before it that can serve', async () => {
      await serve('v0', 0)
      await serve('v1', 1)
      await serve('v2', 2, { expected: { value: 99 } })
      await serve('v3', 3, { expected: { value: 99 } })
      const host = openHost()
      expect(await valueOf(host)).toBe(1)
      for (let poll = 0; poll < 3; poll += 1) await host.poll()
      expect([...host.stats().refusals]).toEqual([['self-check', 2]])
      expect(host.stats()).toMatchObject({ loads: 1, usedBytes: 100, models: [{ version: 'v1', revision: 4 }] })
      await serve('v4', 4)
      await host.poll()
      expect(await valueOf(host)).toBe(4)
    })

    it('is tried again when it was the environment that failed', async () => {
      await serve('v1', 1)
      const host = openHost()
      const get = vi.spyOn(fixture.objects, 'get').mockRejectedValue(new Error('store is down'))
      expect(await host.acquire('shop', 'numbers')).toBeUndefined()
      get.mockRestore()
      expect(await host.acquire('shop', 'numbers')).toBeUndefined()
      fixture.clock.nowMs += 1000
      expect(await valueOf(host)).toBe(1)
      expect([...host.stats().refusals]).toEqual([])
    })
  })

  describe('the memory budget', () => {
    it('evicts the least recently used model', async () => {
      for (const name of ['one', 'two', 'three']) await serve('v1', 1, { name })
      const host = openHost({ budgetBytes: 250 })
      await valueOf(host, 'one')
      await valueOf(host, 'two')
      await valueOf(host, 'one')
      await valueOf(host, 'three')
      const names = () =>
        host
          .stats()
          .models.map(({ name }) => name)
          .toSorted()
      expect(names()).toEqual(['one', 'three'])
      expect(host.stats()).toMatchObject({ evictions: 1, usedBytes: 200 })
      // A poll does not bring back what was evicted; a request does.
      await host.poll()
      expect(names()).toEqual(['one', 'three'])
      expect(await valueOf(host, 'two')).toBe(1)
      expect(names()).toEqual(['three', 'two'])
    })

    it('waits for the leases of what it evicts', async () => {
      await serve('v1', 1, { name: 'one' })
      await serve('v1', 2, { name: 'two' })
      const host = openHost({ budgetBytes: 150 })
      const held = await host.acquire('shop', 'one')
      const second = valueOf(host, 'two')
      await vi.waitFor(() => expect(host.stats().evictions).toBe(1))
      expect(loader.decodes).toBe(1)
      held?.[Symbol.dispose]()
      expect(await second).toBe(2)
      expect(host.stats().usedBytes).toBe(100)
    })

    it('refuses a swap that old and new together do not fit into, evicting nobody, and takes it when there is room', async () => {
      await serve('v1', 1)
      const host = openHost({ budgetBytes: 250 })
      await valueOf(host)
      await serve('v2', 2, { bytes: 200 })
      await host.poll()
      await host.poll()
      expect(await valueOf(host)).toBe(1)
      expect([...host.stats().refusals]).toEqual([['memory budget', 1]])
      expect(host.stats()).toMatchObject({ evictions: 0, usedBytes: 100 })
      await serve('v3', 3, { bytes: 150 })
      await host.poll()
      expect(await valueOf(host)).toBe(3)
    })

    it('gives up on leases that are never given back', async () => {
      await serve('v1', 1, { name: 'one' })
      await serve('v1', 2, { name: 'two' })
      const host = openHost({ budgetBytes: 150, drainMs: 20 })
      const held = await host.acquire('shop', 'one')
      expect(await host.acquire('shop', 'two')).toBeUndefined()
      expect(held?.model.isDisposed).toBe(false)
      held?.[Symbol.dispose]()
      fixture.clock.nowMs += 1000
      expect(await valueOf(host, 'two')).toBe(2)
    })
  })

  it('has what its models share with those of the host beside it for nothing, as long as they hold it there', async () => {
    await serve('v1', 1)
    await fixture.models.promote({ ...champion, alias: 'challenger' }, 'v1')
    const sharing = { ...loader, shared: () => ({ key: 'words', bytes: 200 }) }
    const champions = openHost({ loader: sharing })
    const challengers = openHost({ loader: sharing, alias: 'challenger', budgetBytes: 150, beside: champions })
    expect(await valueOf(challengers)).toBeUndefined()
    expect(challengers.absence('shop', 'numbers')).toBe('memory budget')
    await expect(challengers.acquireVersion({ ...champion, version: 'v1' })).rejects.toThrow(
      '100 bytes of its own with 200 that it shares do not fit beside 0 of 150',
    )
    expect(await valueOf(champions)).toBe(1)
    fixture.clock.nowMs += 1000
    expect(await valueOf(challengers)).toBe(1)
    expect([champions.stats().usedBytes, challengers.stats().usedBytes]).toEqual([300, 100])
    await challengers.poll()
    expect(challengers.stats().evictions).toBe(0)
    await champions[Symbol.asyncDispose]()
    expect(challengers.stats().usedBytes).toBe(300)
    await challengers.poll()
    expect(challengers.stats()).toMatchObject({ usedBytes: 0, evictions: 1, models: [] })
  })

  it('follows alias changes by broadcast, and only those of models in use', async () => {
    const hand: { over?: (records: readonly LogRecord[]) => void | Promise<void> } = {}
    const eventLog = {
      follow: async (topic: string, onRecords: (records: readonly LogRecord[]) => void | Promise<void>) => {
        expect(topic).toBe(topics.models.name)
        hand.over = onRecords
        return { caughtUp: Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() }
      },
    } as Partial<EventLog> as EventLog
    const change = (name: string, revision: number): LogRecord => ({
      topic: topics.models.name,
      partition: 0,
      offset: revision,
      key: `shop/${name}/champion`,
      value: new TextEncoder().encode(
        JSON.stringify({ tenant: 'shop', name, alias: 'champion', version: 'v2', revision }),
      ),
      headers: {},
      appendedAtMs: 0,
    })
    await serve('v1', 1)
    await serve('v2', 2, { name: 'unused' })
    const host = openHost({ eventLog })
    await host.start()
    await valueOf(host)
    await serve('v2', 2)
    await hand.over?.([
      change('numbers', 2),
      change('unused', 1),
      { ...change('numbers', 3), value: new Uint8Array([1]) },
    ])
    expect(await valueOf(host)).toBe(2)
    expect(host.stats().models.map(({ name }) => name)).toEqual(['numbers'])
    expect(fixture.log.lines).toContainEqual({ level: 'warn', message: 'not an alias change' })
  })

  it('drops the model of an alias that is gone, and takes what comes under the name later, whatever its revision', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'model-host-log-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    const eventLog = stack.use(await openEmbeddedEventLog({ directory, topics: [topics.models], log: fixture.log }))
    await serve('v1', 1)
    await serve('v2', 2)
    const host = openHost({ eventLog })
    await host.start()
    const lease = await host.acquire('shop', 'numbers')
    await fixture.objects.delete([aliasKey(champion)])
    await eventLog.publish([{ topic: topics.models.name, key: 'shop/numbers/champion', value: null }])
    await vi.waitFor(() => expect(host.stats().models).toEqual([]))
    expect(host.tryAcquire('shop', 'numbers')).toBeUndefined()
    expect(lease?.model.isDisposed).toBe(false)
    lease?.[Symbol.dispose]()
    expect(lease?.model.isDisposed).toBe(true)
    expect(host.stats().usedBytes).toBe(0)
    await serve('v3', 3)
    await host.poll()
    expect(await valueOf(host)).toBe(3)
    expect(host.stats().models).toMatchObject([{ revision: 1 }])
  })

  it('polls by itself', async () => {
    await serve('v1', 1)
    const host = openHost({ pollMs: 10 })
    await host.start()
    await valueOf(host)
    await serve('v2', 2)
    await vi.waitFor(async () => expect(await valueOf(host)).toBe(2))
  })

  it('disposes every model when it ends, after the leases', async () => {
    await serve('v1', 1)
    const host = createModelHost({ store: fixture.models, log: fixture.log, loader, budgetBytes: 1000 })
    const lease = await host.acquire('shop', 'numbers')
    const ended = host[Symbol.asyncDispose]()
    await nextTurn()
    expect(lease?.model.isDisposed).toBe(false)
    lease?.[Symbol.dispose]()
    await ended
    expect(lease?.model.isDisposed).toBe(true)
  })
})
