import type { OpenHarness } from '../../port-suite.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore, type RedisOnlineStore } from './index.ts'

/** Stores for the port suite, on a server that is known when the suite begins. */
export const storeHarness =
  (urlOf: () => string): OpenHarness =>
  async () => {
    const stores: RedisOnlineStore[] = []
    return {
      connect: async () => {
        const store = await connectRedisOnlineStore({ url: urlOf(), log: silent })
        stores.push(store)
        return store
      },
      [Symbol.asyncDispose]: async () => {
        for (const store of stores) await store[Symbol.asyncDispose]()
      },
    }
  }
