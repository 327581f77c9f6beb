import { Worker } from 'node:worker_threads'
import { RapportError } from '@rapport/core'

/**
 * Threads that run one module over shared memory: every thread gets the same `workerData`, posts `ready`, and answers each
 * request with `done` when its share is finished. Leaving the scope ends the threads, busy or not.
 */
export class WorkerPool implements AsyncDisposable {
  private readonly workers: readonly Worker[]
  private failure: RapportError | undefined

  private constructor(workers: readonly Worker[]) {
    this.workers = workers
  }

  /** Starts the threads and waits until all are ready. Throws RPT_ML_WORKER_FAILED. */
  static async start(module: URL, workerData: unknown, threads: number): Promise<WorkerPool> {
    const pool = new WorkerPool(Array.from({ length: threads }, () => new Worker(module, { workerData })))
    for (const worker of pool.workers) {
      worker.on('error', (cause) => {
        pool.failure ??= new RapportError('RPT_ML_WORKER_FAILED', `a training thread failed: ${String(cause)}`, {
          cause,
        })
      })
    }
    try {
      await pool.answers()
    } catch (cause) {
      await pool[Symbol.asyncDispose]()
      throw cause
    }
    return pool
  }

  /** Sends the request to every thread and waits for all; rejects with the signal's reason once aborted. */
  async run(request: unknown, signal?: AbortSignal): Promise<void> {
    const answers = this.answers(signal)
    for (const worker of this.workers) worker.postMessage(request)
    await answers
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }

  private answers(signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let missing = this.workers.length
    const answered = (): void => {
      missing -= 1
      if (missing === 0) resolve()
    }
    const failed = (): void =>
      reject(this.failure ?? new RapportError('RPT_ML_WORKER_FAILED', 'a training thread ended'))
    const aborted = (): void => reject(signal?.reason as Error)
    for (const worker of this.workers) worker.once('message', answered).once('exit', failed)
    signal?.addEventListener('abort', aborted, { once: true })
    if (signal?.aborted) aborted()
    else if (this.failure !== undefined) failed()
    return promise.finally(() => {
      for (const worker of this.workers) worker.off('message', answered).off('exit', failed)
      signal?.removeEventListener('abort', aborted)
    })
  }
}
