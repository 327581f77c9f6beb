import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aliases } from '@rapport/contracts'
import type { ObjectStore } from '@rapport/object-store'
import { createModelHost } from './host/model-host.ts'
import { manifestKey, modelPrefix, versionPrefix } from './model-keys.ts'
import { createModelStore, type ModelStore } from './model-store.ts'
import { champion, type Fixture, numberLoader, type NumberModel, openFixture, publish } from './testing/fixture.ts'

const hourMs = 3_600_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('pruning', () => {
  let fixture: Fixture
  let models: ModelStore
  beforeEach(async () => {
    fixture = await openFixture()
    models = fixture.models
    fixture.clock.nowMs = Date.now()
  })
  afterEach(() => fixture[Symbol.asyncDispose]())

  const keysBelow = async (prefix: string): Promise<string[]> => {
    const keys = []
    for await (const { key } of fixture.objects.list(prefix)) keys.push(key)
    return keys
  }
  /** Makes everything that stands now so much older. */
  const age = async (hours: number): Promise<void> => {
    for (const key of await keysBelow('models/')) {
      const path = join(fixture.directory, key)
      const atSeconds = ((await stat(path)).mtimeMs - hours * hourMs) / 1000
      await utimes(path, atSeconds, atSeconds)
    }
  }
  const publishAll = async (...versions: readonly string[]): Promise<void> => {
    for (const version of versions) await publish(models, { version, value: 1 })
  }
  const versionsLeft = async (): Promise<string[]> => {
    const keys = await keysBelow(`${modelPrefix(champion)}versions/`)
    return [...new Set(keys.map((key) => key.split('/')[4] ?? ''))]
  }
  const putOrphan = (version: string) =>
    fixture.objects.put(`${versionPrefix({ ...champion, version })}number.txt`, bytes('1'))

  it('keeps what aliases name and have named, and the newest beside those', async () => {
    await publishAll('a', 'b', 'c', 'd', 'e', 'f')
    for (const version of ['a', 'c']) await models.promote(champion, version)
    await models.promote({ ...champion, alias: 'shadow' }, 'b')
    await age(25)
    expect(await models.prune(champion, { keepNewest: 1 })).toEqual({ versions: ['e', 'd'], orphans: [] })
    expect(await versionsLeft()).toEqual(['a', 'b', 'c', 'f'])
    expect(await models.rollback(champion)).toMatchObject({ version: 'a' })
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: ['f', 'c'], orphans: [] })
    expect(await keysBelow('models/')).toEqual(
      ['aliases/champion.json', 'aliases/shadow.json']
        .concat(['a', 'b'].flatMap((version) => [`versions/${version}/manifest.json`]))
        .concat(['a', 'b'].flatMap((v) => [`versions/${v}/number.txt`, `versions/${v}/weights/padding.bin`]))
        .map((key) => modelPrefix(champion) + key)
        .toSorted(),
    )
  })

  it('leaves a day to what was written last', async () => {
    await publishAll('a', 'b')
    await putOrphan('half')
    await age(23)
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: [], orphans: [] })
    await age(2)
    expect(await models.prune(champion, { keepNewest: 2 })).toEqual({ versions: [], orphans: ['half'] })
    expect(await versionsLeft()).toEqual(['a', 'b'])
  })

  it('touches no other model and no other tenant', async () => {
    await publish(models, { version: 'v', value: 1, name: 'numbers-too' })
    await publish(models, { version: 'v', value: 1, tenant: 'shop-2' })
    await publishAll('v')
    await age(25)
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: ['v'], orphans: [] })
    expect(await models.listModels('shop')).toEqual(['numbers-too'])
    expect(await models.listVersions({ tenant: 'shop-2', name: 'numbers' })).toHaveLength(1)
  })

  it('never removes what an alias names or can go back to', async () => {
    const actions = fc.array(
      fc.oneof(
        fc.record({ act: fc.constant('publish' as const) }),
        fc.record({ act: fc.constant('promote' as const), alias: fc.constantFrom(...aliases), at: fc.nat(9) }),
        fc.record({ act: fc.constant('rollback' as const), alias: fc.constantFrom(...aliases) }),
        fc.record({ act: fc.constant('prune' as const), keepNewest: fc.nat(2) }),
      ),
      { minLength: 10, maxLength: 40 },
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        run += 1
        const model = { tenant: 'shop', name: `model-${run}` }
        let published = 0
        for (const step of steps) {
          if (step.act === 'publish') await publish(models, { ...model, version: `v${(published += 1)}`, value: 1 })
          // What is not there, or has nothing to go back to, is refused.
          if (step.act === 'promote') await models.promote({ ...model, ...step }, `v${step.at}`).catch(() => undefined)
          if (step.act === 'rollback') await models.rollback({ ...model, ...step }).catch(() => undefined)
          if (step.act !== 'prune') continue
          await age(25)
          await models.prune(model, { keepNewest: step.keepNewest })
          for (const { version, history = [] } of (await models.listAliases(model)).values()) {
            for (const named of [version, ...history]) {
              expect((await models.readVersion({ ...model, version: named })).files.size).toBe(2)
            }
          }
        }
      }),
      { numRuns: 15 },
    )
  })

  it('leaves orphans when it is cut short, which the next one removes', async () => {
    await publishAll('a')
    await age(25)
    const { objects } = fixture
    const failing: ObjectStore = {
      put: (...args) => objects.put(...args),
      get: (...args) => objects.get(...args),
      open: (...args) => objects.open(...args),
      head: (...args) => objects.head(...args),
      list: (...args) => objects.list(...args),
      delete: (keys) =>
        keys.some((key) => key.endsWith('number.txt')) ? Promise.reject(new Error('gone away')) : objects.delete(keys),
      stats: () => objects.stats(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const cut = createModelStore(failing, { log: fixture.log, clock: fixture.clock })
    await expect(cut.prune(champion, { keepNewest: 0 })).rejects.toThrow('gone away')
    expect(await keysBelow(versionPrefix({ ...champion, version: 'a' }))).not.toContain(
      manifestKey({ ...champion, version: 'a' }),
    )
    expect(await models.listVersions(champion)).toEqual([])
    await expect(models.promote(champion, 'a')).rejects.toThrow('is being removed')
    await age(25)
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: [], orphans: ['a'] })
    expect(await keysBelow('models/')).toEqual([])
  })

  it('leaves what is held, and forgets the hold of a process that has died', async () => {
    await publishAll('a')
    await age(25)
    await fixture.objects.put('models/shop/numbers/holds/a/somebody', new Uint8Array())
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: [], orphans: [] })
    await age(25)
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: ['a'], orphans: [] })
    expect(await keysBelow('models/')).toEqual([])
  })

  it('does not disturb a process that serves a version which nothing names any more', async () => {
    await publishAll('a', 'b')
    for (const version of ['a', 'b']) await models.promote(champion, version)
    await using host = createModelHost<NumberModel>({
      store: models,
      log: fixture.log,
      loader: numberLoader(),
      budgetBytes: 1000,
    })
    {
      using lease = await host.acquire('shop', 'numbers')
      expect(lease?.manifest.version).toBe('b')
    }
    await models.rollback(champion)
    await age(25)
    expect(await models.prune(champion, { keepNewest: 0 })).toEqual({ versions: ['b'], orphans: [] })
    {
      using lease = await host.acquire('shop', 'numbers')
      expect(lease?.model.value).toBe(1)
    }
    await host.poll()
    using lease = await host.acquire('shop', 'numbers')
    expect(lease?.manifest.version).toBe('a')
  })

  describe('beside others, wherever they meet', () => {
    type Work = (models: ModelStore) => Promise<unknown>

    /** The fixture's store, which takes a step before each operation. */
    function stepping(step: () => Promise<unknown>): ModelStore {
      const { objects, log, clock } = fixture
      const store: ObjectStore = {
        put: async (...args) => (await step(), objects.put(...args)),
        get: async (...args) => (await step(), objects.get(...args)),
        open: async (...args) => (await step(), objects.open(...args)),
        head: async (...args) => (await step(), objects.head(...args)),
        delete: async (...args) => (await step(), objects.delete(...args)),
        async *list(...args) {
          await step()
          yield* objects.list(...args)
        },
        stats: () => objects.stats(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
      return createModelStore(store, { log, clock })
    }

    const settle = (outcome: Promise<unknown>): Promise<'done' | 'refused'> =>
      outcome.then(
        () => 'done' as const,
        () => 'refused' as const,
      )

    /** `other` rests before its operation `otherAt`, a prune comes as far as its operation `pruneAt`, `other` ends, the prune ends. */
    async function meet(other: Work, otherAt: number, pruneAt: number) {
      const rests = Promise.withResolvers<void>()
      const goesOn = Promise.withResolvers<void>()
      let [otherOperations, pruneOperations] = [0, 0]
      const outcome = settle(
        other(
          stepping(async () => {
            otherOperations += 1
            if (otherOperations !== otherAt) return
            rests.resolve()
            await goesOn.promise
          }),
        ),
      )
      await Promise.race([rests.promise, outcome])
      const pruning = stepping(async () => {
        pruneOperations += 1
        if (pruneOperations !== pruneAt) return
        goesOn.resolve()
        await outcome
      })
      await pruning.prune(champion, { keepNewest: 0 })
      goesOn.resolve()
      return {
        outcome: await outcome,
        wasOtherCut: otherOperations >= otherAt,
        wasPruneCut: pruneOperations >= pruneAt,
      }
    }

    async function everyMeeting(prepare: () => Promise<void>, other: Work, check: (isDone: boolean) => Promise<void>) {
      const counts = { done: 0, refused: 0 }
      let wasOtherCut = true
      for (let otherAt = 1; wasOtherCut; otherAt += 1) {
        let wasPruneCut = true
        for (let pruneAt = 1; wasPruneCut; pruneAt += 1) {
          await fixture.objects.delete(await keysBelow('models/'))
          await prepare()
          const met = await meet(other, otherAt, pruneAt)
          counts[met.outcome] += 1
          await check(met.outcome === 'done')
          wasPruneCut = met.wasPruneCut
          wasOtherCut = met.wasOtherCut
        }
      }
      return counts
    }

    it('lets a version be named or removed, never both', async () => {
      const counts = await everyMeeting(
        async () => {
          await publishAll('old')
          await age(25)
        },
        (store) => store.promote(champion, 'old'),
        async (isDone) => {
          const named = await models.readAlias(champion)
          expect(named?.version).toBe(isDone ? 'old' : undefined)
          if (named !== undefined) await models.readVersion({ ...champion, version: 'old' })
        },
      )
      expect(counts.done).toBeGreaterThan(20)
      expect(counts.refused).toBeGreaterThan(10)
    })

    it('lets a publication that goes on after a day end whole, or refuses it', async () => {
      const counts = await everyMeeting(
        async () => {
          await putOrphan('half')
          await age(25)
        },
        (store) => publish(store, { version: 'half', value: 1 }),
        async (isDone) => {
          const manifests = await models.listVersions(champion)
          expect(manifests).toHaveLength(isDone ? 1 : 0)
          for (const manifest of manifests) await models.readFiles(manifest)
        },
      )
      expect(counts.done).toBeGreaterThan(20)
      expect(counts.refused).toBeGreaterThan(10)
    })
  })
})
