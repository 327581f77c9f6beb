import { trainingCheckpointsPrefix, type TrainingJob } from '@rapport/contracts'
import type { CheckpointStore } from '@rapport/deep'
import type { ObjectStore } from '@rapport/object-store'

/** The epochs of a job's networks, in the object store: another process, on any machine, goes on after the last of them. */
export class JobCheckpoints {
  readonly #objects: ObjectStore
  readonly #job: Pick<TrainingJob, 'tenant' | 'id' | 'task'>

  constructor(objects: ObjectStore, job: Pick<TrainingJob, 'tenant' | 'id' | 'task'>) {
    this.#objects = objects
    this.#job = job
  }

  /** Of the training of that name. */
  of(name: string): CheckpointStore {
    const key = `${this.#prefix()}${name}.bin`
    return {
      load: async () => (await this.#objects.get(key))?.body,
      save: async (bytes) => {
        await this.#objects.put(key, bytes)
      },
    }
  }

  /** What the job has kept. */
  async clear(): Promise<void> {
    await this.#delete((key) => key.startsWith(this.#prefix()))
  }

  /** What earlier jobs of the task have left that ended without a word; of a task one job is under way at a time. */
  async clearOthers(): Promise<void> {
    await this.#delete((key) => !key.startsWith(this.#prefix()))
  }

  async #delete(isWanted: (key: string) => boolean): Promise<void> {
    const keys: string[] = []
    const prefix = `${trainingCheckpointsPrefix(this.#job.tenant)}${this.#job.task}-`
    for await (const { key } of this.#objects.list(prefix)) if (isWanted(key)) keys.push(key)
    if (keys.length > 0) await this.#objects.delete(keys)
  }

  #prefix(): string {
    return `${trainingCheckpointsPrefix(this.#job.tenant)}${this.#job.id}/`
  }
}
