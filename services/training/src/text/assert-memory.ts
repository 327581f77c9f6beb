import { TrainingDataError } from '../errors.ts'

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`

/** @throws TrainingDataError where what is needed is more than what is left of the memory of the process. */
export function assertMemory(algorithm: string, neededBytes: number, limitBytes: number): void {
  const freeBytes = Math.max(0, limitBytes - process.memoryUsage.rss())
  if (neededBytes <= freeBytes) return
  const [needed, free, limit] = [neededBytes, freeBytes, limitBytes].map(mebibytes)
  throw new TrainingDataError(
    'RPT_TRAINING_MEMORY',
    `${algorithm} needs ${needed} of memory, ${free} of ${limit} are free`,
  )
}
