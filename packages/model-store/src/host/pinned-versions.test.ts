import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topics } from '@rapport/contracts'
import { openEmbeddedEventLog } from '@rapport/messaging/embedded'
import { versionPrefix } from '../model-keys.ts'
import { champion, type Fixture, numberLoader, type NumberModel, openFixture, publish } from '../testing/fixture.ts'
import { createModelHost, type ModelHost, type ModelHostOptions } from './model-host.ts'

describe('versions that callers name', () => {
  let stack: AsyncDisposableStack
  let fixture: Fixture
  let loader: ReturnType<typeof numberLoader>
  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    fixture = stack.use(await openFixture())
    loader = numberLoader()
    for (const value of [1, 2, 3]) await publish(fixture.models, { version: `v${value}`, value })
    await fixture.models.promote(champion, 'v3')
  })
  afterEach(() => stack.disposeAsync())

  const openHost = (options: Partial<ModelHostOptions<NumberModel>> = {}): ModelHost<NumberModel> => {
    const { models: store, log, clock } = fixture
    return stack.use(createModelHost({ store, log, clock, loader, budgetBytes: 1000, ...options }))
  }
  const refOf = (version: string) => ({ tenant: 'shop', name: 'numbers', version })
  const valueOf = async (host: ModelHost<NumberModel>, version: string): Promise<number> => {
    using lease = await host.acquireVersion(refOf(version))
    return lease.model.value
  }
  const versions = (host: ModelHost<NumberModel>): string[] => host.stats().models.map(({ version }) => version)

  it('serve beside the champion, loaded once for all who ask', async () => {
    const host = openHost()
    expect(await Promise.all(Array.from({ length: 8 }, () => valueOf(host, 'v1')))).toEqual(Array(8).fill(1))
    expect(loader.decodes).toBe(1)
    using serving = await host.acquire('shop', 'numbers')
    expect(serving?.model.value).toBe(3)
    expect(versions(host)).toEqual(['v3', 'v1'])
    expect(host.stats()).toMatchObject({ usedBytes: 200, swaps: 0 })
    using pinned = await host.acquireVersion(refOf('v1'))
    expect(pinned).toMatchObject({ revision: 0, manifest: { version: 'v1' } })
  })

  it('are the model that serves when the alias names them', async () => {
    const host = openHost()
    using serving = await host.acquire('shop', 'numbers')
    using pinned = await host.acquireVersion(refOf('v3'))
    expect(pinned.model).toBe(serving?.model)
    expect(pinned.revision).toBe(1)
    expect(loader.decodes).toBe(1)
  })

  it('come to serve without being loaded again when they are promoted', async () => {
    const host = openHost()
    ;(await host.acquire('shop', 'numbers'))?.[Symbol.dispose]()
    await valueOf(host, 'v1')
    await fixture.models.promote(champion, 'v1')
    await host.poll()
    using serving = await host.acquire('shop', 'numbers')
    expect(serving).toMatchObject({ revision: 2, model: { value: 1, isDisposed: false } })
    expect(host.stats()).toMatchObject({ loads: 2, swaps: 1, usedBytes: 100 })
    expect(versions(host)).toEqual(['v1'])
  })

  it('share the memory: the least recently used goes first, champion or not, and is drained', async () => {
    const host = openHost({ budgetBytes: 250 })
    await valueOf(host, 'v1')
    ;(await host.acquire('shop', 'numbers'))?.[Symbol.dispose]()
    await valueOf(host, 'v2')
    expect(versions(host)).toEqual(['v3', 'v2'])
    expect(loader.loaded[0]).toMatchObject({ value: 1, isDisposed: true })
    await valueOf(host, 'v1')
    expect(versions(host)).toEqual(['v2', 'v1'])
    expect(host.stats()).toMatchObject({ evictions: 2, usedBytes: 200 })
  })

  it('that are not there are not remembered, and those that must not serve are', async () => {
    const host = openHost()
    await expect(valueOf(host, 'v4')).rejects.toMatchObject({ reason: 'manifest missing' })
    expect([...host.stats().refusals]).toEqual([])
    await publish(fixture.models, { version: 'v4', value: 4, expected: { value: 5 } })
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(valueOf(host, 'v4')).rejects.toMatchObject({ reason: 'self-check' })
    }
    expect([...host.stats().refusals]).toEqual([['self-check', 1]])
    expect(loader.decodes).toBe(1)
    expect(host.stats().usedBytes).toBe(0)
  })

  it('that do not fit are refused until there is room', async () => {
    const host = openHost({ budgetBytes: 150, drainMs: 5 })
    const held = await host.acquireVersion(refOf('v1'))
    await expect(valueOf(host, 'v2')).rejects.toMatchObject({ reason: 'memory budget' })
    held[Symbol.dispose]()
    expect(await valueOf(host, 'v2')).toBe(2)
  })

  it('go with their model when its alias is gone', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pinned-versions-log-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    const eventLog = stack.use(await openEmbeddedEventLog({ directory, topics: [topics.models], log: fixture.log }))
    const host = openHost({ eventLog })
    await host.start()
    expect(await valueOf(host, 'v1')).toBe(1)
    await eventLog.publish([{ topic: topics.models.name, key: 'shop/numbers/champion', value: null }])
    await vi.waitFor(() => expect(host.stats().models).toEqual([]))
  })

  it('end with the host, after their leases', async () => {
    const { models: store, log } = fixture
    const host = createModelHost({ store, log, loader, budgetBytes: 1000 })
    const lease = await host.acquireVersion(refOf('v1'))
    const ended = host[Symbol.asyncDispose]()
    expect(lease.model.isDisposed).toBe(false)
    lease[Symbol.dispose]()
    await ended
    expect(lease.model.isDisposed).toBe(true)
    await expect(host.acquireVersion(refOf('v2'))).rejects.toThrow('has ended')
  })

  describe('and why nothing serves', () => {
    it('is told: no alias, refused, no memory, or not readable', async () => {
      const host = openHost({ budgetBytes: 50 })
      expect(host.absence('shop', 'numbers')).toBeUndefined()
      for (const name of ['nothing', 'numbers']) expect(await host.acquire('shop', name)).toBeUndefined()
      expect(host.absence('shop', 'nothing')).toBe('no alias')
      expect(host.absence('shop', 'numbers')).toBe('memory budget')
      const other = openHost()
      const get = vi.spyOn(fixture.objects, 'get').mockRejectedValue(new Error('store is down'))
      expect(await other.acquire('shop', 'numbers')).toBeUndefined()
      expect(other.absence('shop', 'numbers')).toBe('unreadable')
      fixture.clock.nowMs += 1000
      expect(await host.acquire('shop', 'nothing')).toBeUndefined()
      expect(host.absence('shop', 'nothing')).toBe('no alias')
      get.mockRestore()
      ;(await other.acquire('shop', 'numbers'))?.[Symbol.dispose]()
      expect(other.absence('shop', 'numbers')).toBeUndefined()
    })

    it('is a task that the service does not have, before any file is read', async () => {
      const host = openHost({ loader: { ...loader, tasks: ['forecast'] } })
      await fixture.objects.delete([`${versionPrefix(refOf('v3'))}number.txt`])
      expect(await host.acquire('shop', 'numbers')).toBeUndefined()
      expect(host.absence('shop', 'numbers')).toBe('refused')
      expect([...host.stats().refusals]).toEqual([['task', 1]])
      await expect(valueOf(host, 'v2')).rejects.toThrow('shop/numbers@v2 is of the task test, not forecast')
    })
  })

  it('of names that nobody asks for any more are forgotten with them', async () => {
    const host = openHost()
    await host.acquire('shop', 'made-up')
    await host.poll()
    const reads = vi.spyOn(fixture.objects, 'get')
    await host.poll()
    expect(reads).not.toHaveBeenCalled()
    expect(host.absence('shop', 'made-up')).toBeUndefined()
  })
})
