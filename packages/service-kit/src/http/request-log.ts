import type { FastifyBaseLogger } from 'fastify'

type Write = (...args: readonly unknown[]) => void
type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/**
 * A request's log, which is made when something is logged: hardly any request logs, and making pino's child took a
 * twentieth of the time of a small one.
 */
export function createRequestLog(parent: FastifyBaseLogger, bindings: Record<string, unknown>): FastifyBaseLogger {
  return new RequestLog(parent, bindings)
}

class RequestLog implements Record<Level, Write> {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Record<string, unknown>
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Record<string, unknown>) {
    this.#parent = parent
    this.#bindings = bindings
  }

  get level(): string {
    return this.#parent.level
  }

  fatal(...args: readonly unknown[]): void {
    this.#write('fatal', args)
  }

  error(...args: readonly unknown[]): void {
    this.#write('error', args)
  }

  warn(...args: readonly unknown[]): void {
    this.#write('warn', args)
  }

  info(...args: readonly unknown[]): void {
    this.#write('info', args)
  }

  debug(...args: readonly unknown[]): void {
    this.#write('debug', args)
  }

  trace(...args: readonly unknown[]): void {
    this.#write('trace', args)
  }

  silent(): void {}

  child(bindings: Record<string, unknown>): FastifyBaseLogger {
    return this.#own().child(bindings)
  }

  #write(level: Level, args: readonly unknown[]): void {
    const log = this.#own()
    const write: Write = log[level]
    write.apply(log, [...args])
  }

  #own(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings))
  }
}
