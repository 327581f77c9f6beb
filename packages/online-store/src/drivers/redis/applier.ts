import { murmur2, Turns } from '@rapport/core'
import { digestOf } from '../../message-digest.ts'
import type { Application, ApplyOptions, Change, Entry, EntryOutcome } from '../../online-store.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { markField, seenKey, stateKey, talliesKey } from './layout.ts'
import { applyScript } from './scripts.ts'
import { isTimedOut } from './server-errors.ts'
import { WindowSize } from './window-size.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000

/** Bounds the time that one script holds its server: some 20 ms. */
const MAX_CHANGES_OF_SCRIPT = 4000

/**
 * Of all consumers of a process together: while the store works at one window, the next is on its way. More only wait for
 * each other there, where the time-out counts.
 */
const WINDOWS_AT_ONCE = 2

type Args = (string | number)[]

interface Step {
  /** Steps of one source on one entity go one after another: a later one would hide that an earlier one failed. */
  readonly order: string
  readonly changes: number
  readonly command: StoreCommand
}

const hex = (word: number): string => word.toString(16).padStart(8, '0')

function digestText(text: string): string {
  const { high, low } = digestOf(text)
  return hex(high) + hex(low)
}

function pushChange(args: Args, change: Change): void {
  switch (change.op) {
    case 'count': {
      const { part, atMs, amount, sample } = change
      args.push('c', part, Math.floor(atMs / FIVE_MINUTES_MS), Math.floor(atMs / HOUR_MS), amount)
      if (sample === undefined) args.push('')
      else args.push(sample.keep, sample.prefix, murmur2(Buffer.from(part, 'utf8')) >>> 0)
      return
    }
    case 'tally':
      args.push('t', change.part, change.field, change.amount)
      return
    case 'newest':
      args.push('n', change.part, change.member, change.atMs, JSON.stringify(change.value), change.keep)
      return
    case 'latest':
      args.push('l', change.part, change.field, change.atMs, JSON.stringify(change.value), change.keep ?? '')
      return
    case 'earliest':
      args.push('e', change.part, change.field, change.atMs, JSON.stringify(change.value), change.keep ?? '')
  }
}

function pushEntry(args: Args, { offset, messageId, receivedAtMs, changes }: Entry, hasWindow: boolean): void {
  args.push(offset, receivedAtMs, hasWindow ? digestText(messageId) : '', messageId, 0)
  const first = args.length
  for (const change of changes) pushChange(args, change)
  args[first - 1] = args.length - first
}

/** The scripts of one application: one, unless it has very many changes. */
function* toSteps({ entity, topic, partition, entries, dedupWindowMs }: Application): Generator<Step> {
  const keys = [stateKey(entity), talliesKey(entity), seenKey(entity)] as const
  const mark = markField(topic, partition)
  const head = [mark, digestText(mark), dedupWindowMs ?? '']
  const step = (args: Args, changes: number): Step => ({
    order: `${keys[0]} ${mark}`,
    changes,
    command: { run: applyScript, keys: [...keys], args },
  })
  let args: Args = [...head]
  let changes = 0
  for (const entry of entries) {
    if (changes > 0 && changes + entry.changes.length > MAX_CHANGES_OF_SCRIPT) {
      yield step(args, changes)
      args = [...head]
      changes = 0
    }
    pushEntry(args, entry, dedupWindowMs !== undefined)
    changes += 1 + entry.changes.length
  }
  yield step(args, changes)
}

interface PlacedStep extends Step {
  readonly application: number
}

function* toPlacedSteps(applications: readonly Application[]): Generator<PlacedStep, undefined> {
  for (const [application, value] of applications.entries()) {
    if (value.entries.length === 0) continue
    for (const step of toSteps(value)) yield { ...step, application }
  }
}

/** The steps of a call that are left. */
class StepQueue {
  readonly #rest: Iterator<PlacedStep, undefined>
  #next: PlacedStep | undefined

  constructor(applications: readonly Application[]) {
    this.#rest = toPlacedSteps(applications)
    this.#next = this.#rest.next().value
  }

  get isEmpty(): boolean {
    return this.#next === undefined
  }

  /** What may be under way at once, in order. */
  takeWindow(size: WindowSize): readonly PlacedStep[] {
    const window: PlacedStep[] = []
    const orders = new Set<string>()
    let changes = 0
    while (this.#next !== undefined) {
      const step = this.#next
      const isFull = window.length >= size.scripts || changes + step.changes > size.changes
      if (window.length > 0 && (isFull || orders.has(step.order))) break
      window.push(step)
      orders.add(step.order)
      changes += step.changes
      this.#next = this.#rest.next().value
    }
    return window
  }
}

const outcomeOf: Readonly<Record<string, EntryOutcome>> = { a: 'applied', r: 'redelivered', d: 'duplicate' }

/** Applications to one store, of which several may come at once. */
export class Applier {
  readonly #runner: Pick<CommandRunner, 'run'>
  readonly #size: WindowSize
  readonly #turns = new Turns(WINDOWS_AT_ONCE)

  constructor(runner: Pick<CommandRunner, 'run'>, commandTimeoutMs: number) {
    this.#runner = runner
    this.#size = new WindowSize(commandTimeoutMs)
  }

  /** Applies in order; stops at the first window of which something failed. */
  async apply(applications: readonly Application[], options: ApplyOptions): Promise<EntryOutcome[][]> {
    const outcomes = applications.map((): EntryOutcome[] => [])
    const steps = new StepQueue(applications)
    while (!steps.isEmpty) {
      await this.#turns.run(async () => {
        // Now, and not before the wait for the turn: meanwhile much may have changed.
        options.beforeWrite?.()
        for (const [application, outcome] of await this.#applyWindow(steps.takeWindow(this.#size), options.session)) {
          outcomes[application]?.push(outcome)
        }
      })
    }
    return outcomes
  }

  /** The outcomes in order, each with the application that it belongs to. */
  async #applyWindow(
    window: readonly PlacedStep[],
    session: number | undefined,
  ): Promise<(readonly [application: number, outcome: EntryOutcome])[]> {
    const commands = window.map(({ command }) => command)
    const options = { durable: true, ...(session === undefined ? {} : { session }) }
    const startedAtMs = performance.now()
    const replies = await this.#runner.run('apply changes', commands, options).catch((error: unknown) => {
      if (isTimedOut(error)) this.#size.timedOut()
      throw error
    })
    this.#size.answered(performance.now() - startedAtMs)
    return window.flatMap(({ application }, index) =>
      Array.from(String(replies[index]), (letter) => [application, toOutcome(letter)] as const),
    )
  }
}

function toOutcome(letter: string): EntryOutcome {
  const outcome = outcomeOf[letter]
  if (outcome === undefined) throw new TypeError(`a script of the online store answered ${letter}`)
  return outcome
}
