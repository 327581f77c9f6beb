import type { TrainingJob } from '@rapport/contracts'

export interface ScheduleOptions {
  /** New events before a training is worth it. */
  readonly minEvents: number
  /** 0: no training by schedule after the first. */
  readonly everyMs: number
}

/** What is known of a tenant when the schedule is looked at. */
export interface TrainingSituation {
  readonly nowMs: number
  /** Events that the tenant has had. */
  readonly eventCount: number
  readonly hasChampion: boolean
  /** The newest job of the task, and the newest that succeeded. */
  readonly newest: TrainingJob | undefined
  readonly newestSuccess: TrainingJob | undefined
}

const afterFailureMs = 10 * 60_000
/** After a failure with half the events of now: it may have failed for want of them, while a history was still flowing in. */
const afterFailureWithLessMs = 15_000
/** Between two trainings that growth asks for: the history may still be flowing in. */
const growthPauseMs = 2 * 60_000

/**
 * Whether a model should be trained now, and why. The first one as soon as there are enough events; then when the schedule
 * says so and enough has come in, or when what there is has doubled since the last training.
 */
export function decideTraining(
  situation: TrainingSituation,
  options: ScheduleOptions,
): 'first' | 'schedule' | undefined {
  const { nowMs, eventCount, hasChampion, newest, newestSuccess } = situation
  if (newest !== undefined && (newest.state === 'queued' || newest.state === 'running')) return undefined
  const restedMs = newest === undefined ? Infinity : nowMs - timeOf(newest)
  if (newest !== undefined && newest.state !== 'succeeded' && restedMs < restAfter(newest, situation)) return undefined
  // Counts begin anew when their objects were removed.
  const trainedEvents = Math.min(newestSuccess?.eventCount ?? 0, eventCount)
  const newEvents = eventCount - trainedEvents
  if (newEvents < options.minEvents) return undefined
  if (!hasChampion && newestSuccess === undefined) return 'first'
  if (options.everyMs === 0) return undefined
  if (restedMs >= options.everyMs) return 'schedule'
  return newEvents >= trainedEvents && restedMs >= growthPauseMs ? 'schedule' : undefined
}

function restAfter(failed: TrainingJob, { eventCount, newestSuccess }: TrainingSituation): number {
  const hadTooLittle = failed.state === 'failed' && newestSuccess === undefined && eventCount >= 2 * failed.eventCount
  return hadTooLittle ? afterFailureWithLessMs : afterFailureMs
}

const timeOf = (job: TrainingJob): number => Date.parse(job.finishedAt ?? job.requestedAt)
