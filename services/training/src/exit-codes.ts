import type { TrainingEnd } from './job/run-training-job.ts'

/**
 * What the job process says by its exit code, after sysexits.h. 0, 65 and 130: the job's record says it all, nothing is to be
 * tried again. 75: another attempt makes sense. 69: there was nothing to do. 1: an error that nobody expected.
 */
export const exitCodes: Readonly<Record<TrainingEnd, number>> = {
  succeeded: 0,
  'bad data': 65,
  'not claimed': 69,
  interrupted: 75,
  cancelled: 130,
}
