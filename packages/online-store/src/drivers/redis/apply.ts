import { murmur2, Turns } from '@rapport/core'
import { digestOf } from '../../message-digest.ts'
import type { Application, Change, Entry, EntryOutcome } from '../../online-store.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { markField, seenKey, stateKey, talliesKey } from './layout.ts'
import { applyScript } from './scripts.ts'
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

/** What may be under way at once, in order. */
function* toWindows(
  applications: readonly Application[],
  size: WindowSize,
): Generator<readonly PlacedStep[], undefined> {
  let window: PlacedStep[] = []
  let orders = new Set<string>()
  let changes = 0
  for (const [application, value] of applications.entries()) {
    if (value.entries.length === 0) continue
    for (const step of toSteps(value)) {
      const isFull = window.length >= size.scripts || changes + step.changes > size.changes
      if (window.length > 0 && (isFull || orders.has(step.order))) {
        yield window
        window = []
        orders = new Set()
        changes = 0
      }
      window.push({ ...step, application })
      orders.add(step.order)
      changes += step.changes
    }
  }
  if (window.length > 0) yield window
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
  async apply(applications: readonly Application[], session: number | undefined): Promise<EntryOutcome[][]> {
    const outcomes = applications.map((): EntryOutcome[] => [])
    const windows = toWindows(applications, this.#size)
    let isLeft = true
    while (isLeft) isLeft = await this.#turns.run(() => this.#applyNext(windows, outcomes, session))
    return outcomes
  }

  /** False when there was none left. */
  async #applyNext(
    windows: Generator<readonly PlacedStep[]>,
    outcomes: readonly EntryOutcome[][],
    session: number | undefined,
  ): Promise<boolean> {
    const next = windows.next()
    if (next.done === true) return false
    const window = next.value
    const commands = window.map(({ command }) => command)
    const options = { durable: true, ...(session === undefined ? {} : { session }) }
    const startedAtMs = performance.now()
    const replies = await this.#runner.run('apply changes', commands, options).catch((error: unknown) => {
      this.#size.failed()
      throw error
    })
    this.#size.answered(performance.now() - startedAtMs)
    for (const [index, { application }] of window.entries())
      for (const letter of String(replies[index])) {
        const outcome = outcomeOf[letter]
        if (outcome === undefined) throw new TypeError(`a script of the online store answered ${letter}`)
        outcomes[application]?.push(outcome)
      }
    return true
  }
}
