import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { Application } from '../../online-store.ts'
import { openEmbeddedOnlineStore } from './index.ts'
import { silent } from './temporary-folder.fixture.ts'

export interface ApplierOptions {
  readonly directory: string
  readonly partition: number
  readonly firstCall: number
  readonly calls: number
}

export const USERS = 20

export const userOf = (id: number) => ({ tenant: 'test', kind: 'user', id: `user-${id}` })

/** Call `index` gives each user one entry that adds one to two tallies and a counter. */
export function callOf(index: number, partition: number): Application[] {
  return Array.from({ length: USERS }, (_, user) => ({
    entity: userOf(user),
    topic: 'events',
    partition,
    dedupWindowMs: 86_400_000,
    entries: [
      {
        offset: index * USERS + user,
        messageId: `${partition}-${index}-${user}`,
        receivedAtMs: 1_700_000_000_000 + index,
        changes: [
          { op: 'tally', part: 'tally/all', field: `partition-${partition}`, amount: 1 },
          { op: 'tally', part: 'tally/all', field: `field-${index % 500}`, amount: 1 },
          { op: 'count', part: 'count/all', atMs: 1_700_000_000_000 + index * 1000, amount: 1 },
        ],
      },
    ],
  }))
}

/** Applies the calls four at a time and reports each that has resolved. */
async function run(options: ApplierOptions, report: (call: number) => void): Promise<void> {
  await using store = await openEmbeddedOnlineStore({ directory: options.directory, log: silent })
  const end = options.firstCall + options.calls
  for (let call = options.firstCall; call < end; call += 4) {
    const group = [call, call + 1, call + 2, call + 3].filter((index) => index < end)
    await Promise.all(
      group.map(async (index) => {
        await store.apply(callOf(index, options.partition))
        report(index)
      }),
    )
  }
}

const port = parentPort
if (!isMainThread && port !== null && workerData !== null && typeof workerData === 'object' && 'calls' in workerData) {
  await run(workerData as ApplierOptions, (call) => port.postMessage(call))
} else if (process.argv[1] === import.meta.filename) {
  await run(JSON.parse(process.argv[2] ?? '{}') as ApplierOptions, (call) => process.stdout.write(`${call}\n`))
}
