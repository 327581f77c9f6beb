import type { Application, EntryOutcome } from '../../online-store.ts'
import { EntitySlots } from './entity-slots.ts'
import { commit } from './commit.ts'
import type { StateTables } from './environments.ts'

/** Bounds the time that a transaction holds the thread: some 100 ms. */
const MAX_ENTRIES_OF_TRANSACTION = 8000

interface Call {
  readonly applications: readonly Application[]
  readonly entries: number
  readonly beforeWrite: (() => void) | undefined
  readonly resolve: (outcomes: EntryOutcome[][]) => void
  readonly reject: (error: unknown) => void
}

type Result = { readonly outcomes: EntryOutcome[][] } | { readonly error: unknown }

/**
 * Applies what several callers bring in one transaction at a time; what comes in meanwhile goes together into the next.
 * Partitions of a topic change the same items and trends: loading and writing those once for all of them took a third off
 * the time of an event.
 */
export class Applier {
  readonly #tables: StateTables
  #waiting: Call[] = []
  #isRunning = false

  constructor(tables: StateTables) {
    this.#tables = tables
  }

  /** Resolves when all is on disk. */
  async apply(applications: readonly Application[], beforeWrite?: () => void): Promise<EntryOutcome[][]> {
    return (await Promise.all(Array.from(bounded(applications), (group) => this.#enqueue(group, beforeWrite)))).flat()
  }

  #enqueue(applications: readonly Application[], beforeWrite: (() => void) | undefined): Promise<EntryOutcome[][]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ applications, entries: countEntries(applications), beforeWrite, resolve, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      let calls: readonly Call[] | undefined
      try {
        const results = await commit(this.#tables.env, () => {
          // Taken only now: whatever came while the transaction waited for its turn goes with it.
          calls = this.#take().filter(mayWrite)
          return this.#applyTogether(calls)
        })
        for (const [index, call] of (calls ?? []).entries()) settle(call, results[index])
      } catch (error) {
        // Nothing was taken: the transaction did not begin, and what waits would wait for ever.
        for (const call of calls ?? this.#take()) call.reject(error)
      }
    }
    this.#isRunning = false
  }

  #take(): Call[] {
    let count = 0
    let entries = 0
    for (const call of this.#waiting) {
      if (count > 0 && entries + call.entries > MAX_ENTRIES_OF_TRANSACTION) break
      entries += call.entries
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  /** When one of the calls cannot be applied, each is tried by itself, so that it fails alone. */
  #applyTogether(calls: readonly Call[]): Result[] {
    try {
      // A transaction inside the transaction: what an attempt that fails has written until then goes with it.
      return this.#tables.env.transactionSync(() => {
        const slots = new EntitySlots(this.#tables)
        const results = calls.map(({ applications }) => ({ outcomes: slots.apply(applications) }))
        slots.flush()
        return results
      })
    } catch (error) {
      if (calls.length <= 1) return calls.map(() => ({ error }))
      return calls.flatMap((call) => this.#applyTogether([call]))
    }
  }
}

/** Rejects the call with what its question throws. */
function mayWrite({ beforeWrite, reject }: Call): boolean {
  try {
    beforeWrite?.()
    return true
  } catch (error) {
    reject(error)
    return false
  }
}

function settle({ resolve, reject }: Call, result: Result | undefined): void {
  if (result === undefined) reject(new Error('a transaction has no result for a call'))
  else if ('error' in result) reject(result.error)
  else resolve(result.outcomes)
}

const countEntries = (applications: readonly Application[]): number =>
  applications.reduce((sum, { entries }) => sum + entries.length, 0)

/** Applications in groups of a bounded number of entries, in order. */
function* bounded(applications: readonly Application[]): Generator<readonly Application[]> {
  let start = 0
  let entries = 0
  for (const [index, application] of applications.entries()) {
    if (entries > 0 && entries + application.entries.length > MAX_ENTRIES_OF_TRANSACTION) {
      yield applications.slice(start, index)
      start = index
      entries = 0
    }
    entries += application.entries.length
  }
  if (start < applications.length) yield applications.slice(start)
}
