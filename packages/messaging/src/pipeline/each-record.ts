import type { PipelineBatch } from './consumer.ts'
import type { Entry, Exception } from './outcomes.ts'

type Step<T> = (entry: Entry<T>) => Promise<Exception | undefined | void> | Exception | undefined | void

/**
 * A `process` for `runConsumer` from a step for one record: records are taken in order, one at a time, and the step
 * returns what became of a record that is not simply done. A step that meets a partition that has moved is not called on.
 */
export function eachRecord<T>(step: Step<T>): (batch: PipelineBatch<T>) => Promise<ReadonlyMap<number, Exception>> {
  return async function processEachRecord(batch) {
    const exceptions = new Map<number, Exception>()
    for (const entry of batch.entries) {
      if (!batch.isCurrent()) break
      const exception = await step(entry)
      if (exception !== undefined) exceptions.set(entry.record.offset, exception)
    }
    return exceptions
  }
}
