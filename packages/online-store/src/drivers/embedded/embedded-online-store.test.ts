import { describeOnlineStore } from '../../port-suite.ts'
import { openEmbeddedOnlineStore, type EmbeddedOnlineStore } from './index.ts'
import { makeFolder, removeFolder, silent } from './temporary-folder.fixture.ts'

describeOnlineStore('embedded', async () => {
  const directory = await makeFolder()
  const stores: EmbeddedOnlineStore[] = []
  let nowMs = 1_700_000_000_000
  return {
    connect: async () => {
      const store = await openEmbeddedOnlineStore({ directory, log: silent, clock: { now: () => nowMs } })
      stores.push(store)
      return store
    },
    advanceMs: (durationMs) => {
      nowMs += durationMs
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store[Symbol.asyncDispose]()
      await removeFolder(directory)
    },
  }
})
