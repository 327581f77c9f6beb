import type { TrainingJob } from '@rapport/contracts'
import { JobCancelledError, TrainingDataError } from '../../errors.ts'
import type { TrainingContext } from '../../training-context.ts'
import { JobCheckpoints } from './job-checkpoints.ts'
import { openNetworksOnce, type NetworkEpoch, type OpenNetworks } from './network-trainer.ts'

export interface JobNetworks {
  readonly networks: OpenNetworks
  /** The job's, with the epoch of the network that is trained. */
  readonly report: TrainingContext['report']
}

/**
 * Runs a job that may train networks: their epochs are logged, reported with the job's progress and kept, so that the job goes
 * on after the last one when its process is killed, until it ends for good; those that cannot be removed then are left to the
 * task's next job. @throws TrainingDataError at once where the job asks for a GPU and there is none; what `run` throws.
 */
export async function withNetworks<Outcome>(
  job: Pick<TrainingJob, 'tenant' | 'id' | 'task' | 'device'>,
  context: Pick<TrainingContext, 'objects' | 'log' | 'memoryLimitBytes' | 'report'>,
  run: (networks: JobNetworks) => Promise<Outcome>,
): Promise<Outcome> {
  const { objects, log, memoryLimitBytes } = context
  const { device = 'auto' } = job
  const checkpoints = new JobCheckpoints(objects, job)
  await checkpoints.clearOthers()
  const clear = async (): Promise<void> => {
    try {
      await checkpoints.clear()
    } catch (error) {
      log.warn({ err: error }, 'the epochs that were kept cannot be removed')
    }
  }
  const progress = new EpochProgress(context)
  const networks = openNetworksOnce({
    device,
    log,
    memoryLimitBytes,
    onEpoch: (epoch) => progress.add(epoch),
    checkpoints: (name) => checkpoints.of(name),
  })
  try {
    if (device === 'gpu') await networks()
    const outcome = await run({ networks, report: progress.report })
    await clear()
    return outcome
  } catch (error) {
    if (error instanceof TrainingDataError || error instanceof JobCancelledError) await clear()
    throw error
  }
}

/** Adds the last epoch to what is reported of a stage. */
class EpochProgress {
  readonly #context: Pick<TrainingContext, 'log' | 'report'>
  #last: Parameters<TrainingContext['report']> = [0, '']
  #epoch = ''

  constructor(context: Pick<TrainingContext, 'log' | 'report'>) {
    this.#context = context
  }

  readonly report: TrainingContext['report'] = (fraction, stage, details) => {
    if (stage !== this.#last[1]) this.#epoch = ''
    this.#last = [fraction, stage, details]
    this.#context.report(fraction, stage + this.#epoch, details)
  }

  add({ epoch, epochs, ...figures }: NetworkEpoch): void {
    this.#context.log.info({ epoch, epochs, ...figures }, 'epoch')
    this.#epoch = `, epoch ${epoch} of ${epochs} at most`
    this.report(...this.#last)
  }
}
