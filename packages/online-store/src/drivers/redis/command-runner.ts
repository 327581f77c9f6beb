import type { Log } from '@rapport/core'
import { Command } from 'ioredis'
import { StoreSessionError, StoreUnavailableError } from '../../errors.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { Connection } from './connection.ts'
import type { Script } from './scripts.ts'
import { isAnswer, isAnswerOf, toStoreError } from './server-errors.ts'

/** One command, or one script, on the keys of one entity. */
export interface StoreCommand {
  readonly run: string | Script
  readonly keys: readonly [string, ...string[]]
  readonly args?: readonly (string | number | Buffer)[]
  /** Replies as bytes. Default: as text. */
  readonly asBytes?: boolean
}

export interface RunnerOptions {
  readonly log: Log
  readonly commandTimeoutMs: number
  readonly minReplicas: number
}

export interface RunOptions {
  readonly durable?: boolean
  /** The connection's, in which the commands may be sent. */
  readonly session?: number
}

type Reply = { readonly value: unknown } | { readonly error: unknown }

const FAILURES_UNTIL_OPEN = 3
const OPEN_MS = 500

function toCommand({ run, keys, args = [], asBytes = false }: StoreCommand, withSource: boolean): Command {
  const options = { replyEncoding: asBytes ? null : 'utf8' } as const
  if (typeof run === 'string') return new Command(run, [...keys, ...args], options)
  const head = withSource ? run.source : run.sha1
  return new Command(withSource ? 'eval' : 'evalsha', [head, keys.length, ...keys, ...args], options)
}

const failed = (reply: Reply | undefined, isFailure: (error: unknown) => boolean): boolean =>
  reply !== undefined && 'error' in reply && isFailure(reply.error)

const isRedirect = (error: unknown): boolean => isAnswerOf(error, 'MOVED', 'ASK', 'TRYAGAIN')
const hasMoved = (error: unknown): boolean => isAnswerOf(error, 'MOVED')
const isUnknownScript = (error: unknown): boolean => isAnswerOf(error, 'NOSCRIPT')

/**
 * Sends commands, one pipeline to each server concerned, and fails when any of them does. A server that does not answer
 * is left alone for a while; the others are not.
 */
export class CommandRunner {
  readonly #connection: Connection
  readonly #options: RunnerOptions
  readonly #breakers = new Map<string, CircuitBreaker>()

  constructor(connection: Connection, options: RunnerOptions) {
    this.#connection = connection
    this.#options = options
  }

  /** Whether calls, or those to one of the servers, fail now without being tried. */
  get isUnavailable(): boolean {
    return this.#connection.fault !== undefined || [...this.#breakers.values()].some(({ isOpen }) => isOpen)
  }

  /**
   * Replies in the order of the commands. Those to one server are executed in order.
   * @throws StoreUnavailableError when a server does not answer in time or cannot do it now; other commands may have taken effect.
   * @throws StoreSessionError when the session has ended.
   */
  async run(what: string, commands: readonly StoreCommand[], options: RunOptions = {}): Promise<unknown[]> {
    const { fault } = this.#connection
    if (fault !== undefined) throw toStoreError(what, fault)
    const replies: Reply[] = []
    const groups = Map.groupBy(commands.keys(), (index) =>
      this.#connection.groupOf(toCommand(commands[index] as StoreCommand, false)),
    )
    this.#checkSession(options)
    await this.#withDeadline(
      what,
      Promise.all(
        Array.from(groups, async ([group, indices]) => {
          const own = indices.map((index) => commands[index] as StoreCommand)
          const answers = await this.#runGroup(group, own, options)
          for (const [at, index] of indices.entries()) replies[index] = answers[at] as Reply
        }),
      ),
    )
    return replies.map((reply) => {
      if ('error' in reply) throw toStoreError(what, reply.error)
      return reply.value
    })
  }

  /** Ends the wait for what no time-out of a command covers, as a cluster's redirections. */
  async #withDeadline(what: string, work: Promise<unknown>): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>()
    const deadlineMs = 2 * this.#options.commandTimeoutMs
    const timer = setTimeout(() => reject(toStoreError(what, new Error(`no answer in ${deadlineMs} ms`))), deadlineMs)
    try {
      await Promise.race([work, promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #runGroup(group: string, commands: readonly StoreCommand[], options: RunOptions): Promise<Reply[]> {
    const breaker = this.#breakerOf(group)
    if (!breaker.allows())
      throw new StoreUnavailableError('the online store has not answered lately: the call was not tried')
    const replies = await this.#send(commands, options).catch((error: unknown) => {
      breaker.failed()
      throw error
    })
    if (!replies.some((reply) => failed(reply, (error) => !isAnswer(error)))) {
      if (breaker.succeeded()) this.#options.log.info({ server: group }, 'the online store answers again')
    } else if (breaker.failed()) {
      this.#options.log.warn({ server: group }, 'the online store does not answer: calls fail at once for a while')
      this.#connection.drop(group)
    }
    await this.#again(commands, replies, options)
    return replies
  }

  /** What the server has not executed is sent again: with the script that it forgot, or one by one to where a slot has gone. */
  async #again(commands: readonly StoreCommand[], replies: Reply[], options: RunOptions): Promise<void> {
    const unknown = [...replies.keys()].filter((index) => failed(replies[index], isUnknownScript))
    if (unknown.length > 0) {
      const own = unknown.map((index) => commands[index] as StoreCommand)
      this.#checkSession(options)
      const answers = await this.#send(own, options, true)
      for (const [at, index] of unknown.entries()) replies[index] = answers[at] as Reply
    }
    if (replies.some((reply) => failed(reply, hasMoved))) await this.#connection.refresh()
    for (const [index, reply] of replies.entries()) {
      if (!failed(reply, isRedirect)) continue
      const command = commands[index] as StoreCommand
      this.#connection.groupOf(toCommand(command, false))
      this.#checkSession(options)
      // While a slot is on its way, the client alone knows whom to ask; nobody takes over from anybody.
      const { session: _, ...followed } = options
      const [answer] = await this.#send([command], failed(reply, hasMoved) ? options : followed, true)
      replies[index] = answer as Reply
    }
  }

  async #send(
    commands: readonly StoreCommand[],
    { durable = false, session }: RunOptions,
    withSource = false,
  ): Promise<Reply[]> {
    const { minReplicas, commandTimeoutMs } = this.#options
    // A client that follows a slot to another master leaves the session without a word.
    const [first] = session === undefined ? [] : commands
    const pipeline = this.#connection.pipeline(first && toCommand(first, false))
    const sent = new Set<string>()
    for (const command of commands) {
      const isFirst = typeof command.run !== 'string' && !sent.has(command.run.sha1)
      if (typeof command.run !== 'string') sent.add(command.run.sha1)
      pipeline.sendCommand(toCommand(command, withSource && isFirst))
    }
    const waits = durable && minReplicas > 0
    if (waits) pipeline.sendCommand(new Command('wait', [minReplicas, Math.floor(commandTimeoutMs / 2)]))
    const count = pipeline.length
    const results = await pipeline
      .exec()
      .catch((error: unknown) => Array.from({ length: count }, () => [error, undefined] as const))
    const replies = (results ?? []).map(([error, value]): Reply => (error === null ? { value } : { error }))
    return waits ? checkReplicas(replies, minReplicas) : replies
  }

  /** To be called at once before sending: what is sent then can only reach the connections of now. */
  #checkSession({ session }: RunOptions): void {
    if (session !== undefined && session !== this.#connection.session) throw new StoreSessionError()
  }

  #breakerOf(group: string): CircuitBreaker {
    let breaker = this.#breakers.get(group)
    if (breaker === undefined) {
      breaker = new CircuitBreaker({ threshold: FAILURES_UNTIL_OPEN, openMs: OPEN_MS })
      this.#breakers.set(group, breaker)
    }
    return breaker
  }
}

/** Replies without the last, which says how many replicas have everything before it. */
function checkReplicas(replies: readonly Reply[], minReplicas: number): Reply[] {
  const last = replies.at(-1)
  const others = replies.slice(0, -1)
  const count = last !== undefined && 'value' in last ? Number(last.value) : 0
  if (count >= minReplicas) return others
  const error = new StoreUnavailableError(`${count} of ${minReplicas} replicas of the online store have the write`)
  return others.map((reply) => ('error' in reply ? reply : { error }))
}
