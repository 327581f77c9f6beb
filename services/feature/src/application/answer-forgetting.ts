import { forgetCommandKey, topics, type StateCommand } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { BatchesInFlight } from '../domain/batches-in-flight.ts'
import { isOpen, saysAllOf, type ForgetCommand, type ForgottenTenants } from '../domain/forgotten-tenants.ts'
import { Loop } from './loop.ts'

export interface AnswerOptions {
  readonly eventLog: EventLog
  readonly log: Log
  readonly forgotten: ForgottenTenants
  readonly inFlight: BatchesInFlight
}

/** While answers are missing, a process may get a partition whose last consumer has not answered for it. */
const pollMs = 250

/**
 * Answers `forget-tenant` for the partitions that this process consumes. Whoever removes the tenant waits until all of them
 * are answered for; from then on none of its old events is applied by anybody.
 *
 * An answer stays true when the partition moves: whoever gets it reads the commands that stand, this one among them,
 * before its first batch. It is given after the batches in flight have ended, for what is still held then. The topic knows no
 * compare-and-set: processes may overwrite each other's answers, so each joins what it reads with what it knows, and sends
 * that again where the topic has less.
 */
export class ForgettingAnswers implements AsyncDisposable {
  readonly #options: AnswerOptions
  readonly #loop: Loop
  /** Tenants of whose command the topic has less than is known here. */
  readonly #incomplete = new Set<string>()
  #held: (() => readonly number[]) | undefined

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#loop = new Loop({ log: options.log, step: () => this.#step() })
  }

  /** In force when it returns, for batches that begin later. */
  take(command: ForgetCommand): void {
    const known = this.#options.forgotten.take(command)
    if (saysAllOf(command, known)) this.#incomplete.delete(command.tenant)
    else this.#incomplete.add(command.tenant)
    this.#loop.wake()
  }

  /** `held` gives the state partitions that are consumed here at the moment. */
  start(held: () => readonly number[]): void {
    this.#held = held
    this.#loop.wake()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#loop[Symbol.asyncDispose]()
  }

  async #step(): Promise<number | undefined> {
    const { forgotten, inFlight } = this.#options
    const held = this.#held
    if (held === undefined) return undefined
    const due = (command: ForgetCommand): boolean => this.#incomplete.has(command.tenant) || lacks(command, held())
    const asked = forgotten.commands.filter(due)
    if (asked.length > 0) await inFlight.settled()
    // Partitions that have come meanwhile are answered for too: every batch of theirs knew of the command.
    for (const command of asked) await this.#answer(command, held())
    return forgotten.commands.some(isOpen) ? pollMs : undefined
  }

  async #answer(command: ForgetCommand, held: readonly number[]): Promise<void> {
    const { eventLog, forgotten } = this.#options
    const { tenant } = command
    const taken = [...(command.taken ?? []), ...held.filter((partition) => partition < command.before.length)]
    const answered: StateCommand = forgotten.take({ ...command, taken })
    const value = Buffer.from(JSON.stringify(answered))
    this.#incomplete.delete(tenant)
    try {
      await eventLog.publish([{ topic: topics.stateCommands.name, key: forgetCommandKey(tenant), value }])
    } catch (error) {
      this.#incomplete.add(tenant)
      throw error
    }
  }
}

const lacks = ({ before, taken = [] }: ForgetCommand, held: readonly number[]): boolean =>
  held.some((partition) => partition < before.length && !taken.includes(partition))
