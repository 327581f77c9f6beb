import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TopicDescription } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLogHarness } from '../../../port-suite.ts'
import { openEmbeddedEventLog, type EmbeddedEventLog, type EmbeddedEventLogOptions } from '../index.ts'

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface EmbeddedHarness extends EventLogHarness {
  readonly directory: string
  connect(options?: Partial<EmbeddedEventLogOptions>): Promise<EmbeddedEventLog>
}

/** A log in a fresh folder, which is removed in the end. */
export async function openEmbeddedHarness(topics: readonly TopicDescription[]): Promise<EmbeddedHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'rapport-event-log-'))
  const open: EmbeddedEventLog[] = []
  return {
    directory,
    connect: async (options) => {
      const log = await openEmbeddedEventLog({ directory, topics, log: silent, ...options })
      open.push(log)
      return log
    },
    [Symbol.asyncDispose]: async () => {
      for (const log of open) await log[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
