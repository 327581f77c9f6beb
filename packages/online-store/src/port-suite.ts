import { describe, expect, it } from 'vitest'
import { StoreUnavailableError } from './errors.ts'
import { describeApply } from './suite/apply-suite.ts'
import { describeCache } from './suite/cache-suite.ts'
import { describeCommutativity } from './suite/commutativity-suite.ts'
import { describeDocuments } from './suite/documents-suite.ts'
import { newTenant, userOf, type OpenHarness } from './suite/harness.ts'
import { describeReads } from './suite/read-suite.ts'

export type { OnlineStoreHarness, OpenHarness } from './suite/harness.ts'

/** What every driver of the online store must do, as tests. `open` is called for each test. */
export function describeOnlineStore(name: string, open: OpenHarness): void {
  describe(`online store: ${name}`, () => {
    describeApply(open)
    describeCommutativity(open)
    describeReads(open)
    describeDocuments(open)
    describeCache(open)

    describe('life cycle', () => {
      it('answers a ping until it is closed, then says that it is unavailable', async () => {
        await using harness = await open()
        const store = await harness.connect()
        await store.ping()
        const fresh = { isUnavailable: false, sessionsLostTotal: 0, cache: { isUnavailable: false, droppedTotal: 0 } }
        expect(store.stats()).toEqual(fresh)
        await store[Symbol.asyncDispose]()
        await store[Symbol.asyncDispose]()
        expect(() => store.stats()).not.toThrow()
        const entity = userOf(newTenant())
        const calls = [
          () => store.ping(),
          () => store.apply([]),
          () => store.read([{ entity, parts: 'all' }]),
          () => store.readDocuments([entity]),
          () => store.readCached([{ entity, name: 'x' }]),
        ]
        for (const call of calls) {
          const error = await call().catch((reason: unknown) => reason)
          expect(error).toBeInstanceOf(StoreUnavailableError)
          expect(error).toMatchObject({ code: 'RPT_ONLINE_STORE_UNAVAILABLE', canRetry: true })
        }
      })
    })
  })
}
