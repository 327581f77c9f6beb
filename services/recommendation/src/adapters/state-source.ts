import type { Clock, Log } from '@rapport/core'
import type { BehaviourReader, VisitorBehaviour, VisitorRef } from '@rapport/features'
import { Circuit } from '../domain/circuit.ts'
import { within } from './deadline.ts'

export interface StateSourceOptions {
  readonly reader: BehaviourReader
  readonly clock: Clock
  readonly log: Log
  /** An answer waits this long for the store, no longer. */
  readonly timeoutMs: number
}

/** Online state as an answer may use it: in time, or not at all. */
export class StateSource {
  private readonly options: StateSourceOptions
  private readonly circuit = new Circuit({ threshold: 5, pauseMs: 1000 })

  constructor(options: StateSourceOptions) {
    this.options = options
  }

  /** Undefined when the store is down or slow. */
  readVisitor(visitor: VisitorRef): Promise<VisitorBehaviour | undefined> {
    return this.attempt((reader) => reader.readVisitor(visitor))
  }

  /** What `read` gives, under one deadline; undefined when the store is down or slow. */
  async attempt<T>(read: (reader: BehaviourReader) => Promise<T>): Promise<T | undefined> {
    const { clock, log, timeoutMs } = this.options
    if (!this.circuit.admits(clock.now())) return undefined
    try {
      const value = await within(read(this.options.reader), timeoutMs, 'The online store')
      this.circuit.succeeded()
      return value
    } catch (error) {
      this.circuit.failed(clock.now())
      log.warn({ err: error }, 'the state of a visitor could not be read in time')
      return undefined
    }
  }
}
