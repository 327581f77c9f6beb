import { within, type Log } from '@rapport/core'
import type { Command } from 'ioredis'
import { StoreSessionError, StoreUnavailableError } from '../../errors.ts'
import { BatchCommand, SharedArgumentsCommand, type SharedArguments } from './batch-command.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { Connection } from './connection.ts'
import type { Script } from './scripts.ts'
import type { Reply } from './send-batch.ts'
import { isAnswer, isAnswerOf, timeoutError, toStoreError } from './server-errors.ts'

/** One command, or one script, on the keys of one entity. */
export interface StoreCommand {
  readonly run: string | Script
  readonly keys: readonly [string, ...string[]]
  readonly args?: readonly (string | number | Buffer)[]
  /** In place of `args`, of a command on one key whose reply is bytes. */
  readonly shared?: SharedArguments
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

const FAILURES_UNTIL_OPEN = 3
const OPEN_MS = 500

function toCommand({ run, keys, args = [], shared, asBytes = false }: StoreCommand, withSource = false): Command {
  const options = { replyEncoding: asBytes ? null : 'utf8' } as const
  if (typeof run === 'string') {
    if (shared !== undefined) return new SharedArgumentsCommand(run, keys[0], shared)
    return new BatchCommand(run, [...keys, ...args], options)
  }
  const head = withSource ? run.source : run.sha1
  return new BatchCommand(withSource ? 'eval' : 'evalsha', [head, keys.length, ...keys, ...args], options)
}

/** Commands for another try: each script with its source the first time. */
function toCommandsWithSource(commands: readonly StoreCommand[]): Command[] {
  const sent = new Set<string>()
  return commands.map((command) => {
    const { run } = command
    if (typeof run === 'string') return toCommand(command)
    const isFirst = !sent.has(run.sha1)
    sent.add(run.sha1)
    return toCommand(command, isFirst)
  })
}

const failed = (reply: Reply | undefined, isFailure: (error: unknown) => boolean): boolean =>
  reply?.status === 'rejected' && isFailure(reply.reason)

const isRedirect = (error: unknown): boolean => isAnswerOf(error, 'MOVED', 'ASK', 'TRYAGAIN')
const hasMoved = (error: unknown): boolean => isAnswerOf(error, 'MOVED')
const isUnknownScript = (error: unknown): boolean => isAnswerOf(error, 'NOSCRIPT')

/**
 * Sends commands, one batch to each server concerned, and fails when any of them does. A server that does not answer
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
    const prepared = commands.map((command) => toCommand(command))
    const groups = Map.groupBy(commands.keys(), (index) => this.#connection.groupOf(prepared[index] as Command))
    this.#checkSession(options)
    const deadlineMs = 2 * this.#options.commandTimeoutMs
    const late = (): Error => toStoreError(what, timeoutError(`no answer in ${deadlineMs} ms`))
    // Ends the wait for what no time-out of a command covers, as a cluster's redirections.
    await within(
      Promise.all(
        Array.from(groups, async ([group, indices]) => {
          const own = indices.map((index) => commands[index] as StoreCommand)
          const first = indices.map((index) => prepared[index] as Command)
          const answers = await this.#runGroup(group, own, { ...options, first })
          for (const [at, index] of indices.entries()) replies[index] = answers[at] as Reply
        }),
      ),
      deadlineMs,
      late,
    )
    return replies.map((reply) => {
      if (reply.status === 'rejected') throw toStoreError(what, reply.reason)
      return reply.value
    })
  }

  /** @param options `first`: the commands as they are sent first. */
  async #runGroup(
    group: string,
    commands: readonly StoreCommand[],
    { first, ...options }: RunOptions & { readonly first: readonly Command[] },
  ): Promise<Reply[]> {
    const breaker = this.#breakerOf(group)
    if (!breaker.allows())
      throw new StoreUnavailableError('the online store has not answered lately: the call was not tried')
    const replies = await this.#send(first, options).catch((error: unknown) => {
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
      const answers = await this.#send(toCommandsWithSource(own), options)
      for (const [at, index] of unknown.entries()) replies[index] = answers[at] as Reply
    }
    if (replies.some((reply) => failed(reply, hasMoved))) await this.#connection.refresh()
    for (const [index, reply] of replies.entries()) {
      if (!failed(reply, isRedirect)) continue
      const again = toCommandsWithSource([commands[index] as StoreCommand])
      this.#connection.groupOf(again[0] as Command)
      this.#checkSession(options)
      // While a slot is on its way, the client alone knows whom to ask; nobody takes over from anybody.
      const { session: _, ...followed } = options
      const [answer] = await this.#send(again, failed(reply, hasMoved) ? options : followed)
      replies[index] = answer as Reply
    }
  }

  async #send(commands: readonly Command[], { durable = false, session }: RunOptions): Promise<Reply[]> {
    const { minReplicas, commandTimeoutMs } = this.#options
    const waits = durable && minReplicas > 0
    const batch = waits
      ? [...commands, new BatchCommand('wait', [minReplicas, Math.floor(commandTimeoutMs / 2)])]
      : commands
    const expire = (): void => {
      for (const command of batch) if (!command.isResolved) command.reject(timeoutError('Command timed out'))
    }
    // After another look at the sockets: in a process that was held up itself the answers are there, but not read.
    const timer = setTimeout(() => setImmediate(expire), commandTimeoutMs)
    try {
      // A client that follows a slot to another master leaves the session without a word.
      const replies = await this.#connection.send(batch, session === undefined ? 'follow' : 'stay')
      return waits ? checkReplicas(replies, minReplicas) : [...replies]
    } finally {
      clearTimeout(timer)
    }
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
  const count = last?.status === 'fulfilled' ? Number(last.value) : 0
  if (count >= minReplicas) return others
  const reason =
    last?.status === 'rejected' && isAnswerOf(last.reason, 'NOPERM')
      ? toStoreError('wait for its replicas', last.reason)
      : new StoreUnavailableError(`${count} of ${minReplicas} replicas of the online store have the write`)
  return others.map((reply) => (reply.status === 'rejected' ? reply : { status: 'rejected', reason }))
}
