import { HttpError } from '@rapport/service-kit'
import { Piscina } from 'piscina'
import type { BatchReading } from '../domain/read-batch.ts'
import type { BatchToRead, ReadOnThread } from './batch-thread.ts'

/** Below it, reading takes about as long as handing over. */
const smallestBytes = 16 * 1024
/** Batches that a thread has in hand: it goes on with the next one while the thread that serves HTTP is busy. */
const inHand = 4
/** Batches that wait for a thread; more are read by whoever took them, so that what waits stays bounded. */
const waitingForThread = 8
/** A thread that has had nothing to do for so long ends, and gives its memory back. */
const idleMs = 60_000

/** Whose events a batch's are, and when they came. */
export type BatchOrigin = Omit<BatchToRead, 'bytes'>

export interface BatchThreads extends AsyncDisposable {
  /** Whether a body is worth handing over, and a thread will have time for it soon. */
  readonly takes: (body: Buffer) => boolean
  /** Reads a body of `/v1/batch` or `/v1/import`. @throws HttpError 400, 413. */
  read(body: Buffer, origin: BatchOrigin): Promise<{ readonly events: number; readonly reading: BatchReading }>
}

/**
 * Reads large batches beside the thread that serves HTTP: parsing, checking and writing out a hundred events takes some
 * milliseconds, in which that thread would answer nobody. Threads start with the first batch that they are given.
 */
export function createBatchThreads(threads: number): BatchThreads {
  if (threads === 0) {
    const refuse = (): never => {
      throw new Error('there are no threads to read batches on')
    }
    return { takes: () => false, read: refuse, [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const pool = new Piscina<BatchToRead, ReadOnThread>({
    filename: new URL('batch-thread.ts', import.meta.url).href,
    name: 'readOnThread',
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleMs,
    concurrentTasksPerWorker: inHand,
    // Of the process's flags it needs none: what that preloads is for threads that serve or consume.
    execArgv: [],
  })
  return {
    takes: (body) => body.byteLength >= smallestBytes && pool.queueSize < threads * waitingForThread,
    async read(body, origin) {
      const bytes = new Uint8Array(body)
      const read = await pool.run({ bytes, ...origin }, { transferList: [bytes.buffer] })
      if ('refusal' in read) {
        const { status, code, message, details } = read.refusal
        throw new HttpError(status, code, message, { details })
      }
      const { keys, values, ends, rejected, events } = read
      const accepted = keys.map((key, index) => ({ key, value: values.subarray(ends[index - 1] ?? 0, ends[index]) }))
      return { events, reading: { accepted, rejected, bytes: values.byteLength } }
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}
