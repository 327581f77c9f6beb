import type { TrainingEnd } from './job/run-training-job.ts'

/**
 * What the process of a job that was named says by its exit code, after sysexits.h and timeout(1). 0, 65, 124 and 130: the
 * job's record says it all, nothing is to be tried again. 75: another attempt makes sense. 69: there was nothing to do. 1: an
 * error that nobody expected.
 */
export const exitCodes: Readonly<Record<TrainingEnd, number>> = {
  succeeded: 0,
  'bad data': 65,
  overdue: 124,
  'not claimed': 69,
  interrupted: 75,
  cancelled: 130,
}

/**
 * The same of a process that took what waited: that nothing did, that its owner cancelled the job, or that the job has gone
 * to another runner is no failure of it.
 */
export const runnerExitCodes: Readonly<Record<TrainingEnd, number>> = { ...exitCodes, 'not claimed': 0, cancelled: 0 }
