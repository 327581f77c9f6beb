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
  let aheadMs = 0
  const clock = { now: () => Date.now() + aheadMs }
  const connect = async (options?: Partial<EmbeddedEventLogOptions>): Promise<EmbeddedEventLog> => {
    const log = await openEmbeddedEventLog({ directory, topics, log: silent, clock, ...options })
    open.push(log)
    return log
  }
  return {
    directory,
    connect,
    expire: async () => {
      aheadMs += Math.max(0, ...topics.map(({ retentionMs = 0 }) => retentionMs)) + 1
      const log = await connect()
      await log.trim()
      await log[Symbol.asyncDispose]()
    },
    [Symbol.asyncDispose]: async () => {
      for (const log of open) await log[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
