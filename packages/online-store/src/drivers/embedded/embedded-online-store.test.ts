import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeOnlineStore } from '../../port-suite.ts'
import { openEmbeddedOnlineStore, type EmbeddedOnlineStore } from './index.ts'

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

describeOnlineStore('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rapport-online-store-'))
  const stores: EmbeddedOnlineStore[] = []
  let nowMs = 1_700_000_000_000
  return {
    connect: async () => {
      const store = await openEmbeddedOnlineStore({ directory, log, clock: { now: () => nowMs } })
      stores.push(store)
      return store
    },
    advanceMs: (durationMs) => {
      nowMs += durationMs
    },
    [Symbol.asyncDispose]: async () => {
      for (const store of stores) await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
