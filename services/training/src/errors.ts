import { RapportError } from '@rapport/core'

/** The data cannot make a model: another attempt on the same data would fail in the same way. */
export class TrainingDataError extends RapportError {
  override readonly name = 'TrainingDataError'
}

/** The job was cancelled by its owner. */
export class JobCancelledError extends RapportError {
  override readonly name = 'JobCancelledError'

  constructor() {
    super('RPT_TRAINING_CANCELLED', 'the job was cancelled')
  }
}

/** The process is told to end before the job is done; another attempt may finish it. */
export class InterruptedError extends RapportError {
  override readonly name = 'InterruptedError'

  constructor(why: string) {
    super('RPT_TRAINING_INTERRUPTED', `the training was interrupted: ${why}`, { canRetry: true })
  }
}

/** The job has taken longer than a job may; another attempt would, too. */
export class OverdueError extends RapportError {
  override readonly name = 'OverdueError'

  constructor(deadlineMs: number) {
    super(
      'RPT_TRAINING_OVERDUE',
      `the job was not done within ${deadlineMs / 1000} s, which is the limit of a training`,
    )
  }
}
