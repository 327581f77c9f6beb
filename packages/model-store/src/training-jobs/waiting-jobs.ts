import { jobOfKey, type TrainingJob } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { type JobRef, readJob, TrainingJobError } from './job-record.ts'

/** Whether a runner may claim the job: nobody works at it, or whoever did is taken for dead. */
export function isWaiting({ state, lease }: Pick<TrainingJob, 'state' | 'lease'>, nowMs: number): boolean {
  if (state === 'queued') return true
  return state === 'running' && (lease === undefined || Date.parse(lease.expiresAt) <= nowMs)
}

/**
 * Jobs of all tenants that a runner may claim, the one that waits longest first. Of a tenant and task only the newest job is
 * read: no other one is made before it has ended. A record that is no job stands in nobody's way.
 */
export async function findWaitingJobs(
  objects: ObjectStore,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<readonly TrainingJob[]> {
  const waiting: TrainingJob[] = []
  for (const ref of await newestJobs(objects)) {
    try {
      const job = await readJob(objects, ref)
      if (job !== undefined && isWaiting(job, clock.now())) waiting.push(job)
    } catch (error) {
      if (!(error instanceof TrainingJobError)) throw error
      log.error({ err: error, tenant: ref.tenant, job: ref.id }, 'a training job cannot be read')
    }
  }
  return waiting.sort((one, other) => one.requestedAt.localeCompare(other.requestedAt))
}

async function newestJobs(objects: ObjectStore): Promise<Iterable<JobRef>> {
  const newest = new Map<string, JobRef & { readonly number: number }>()
  for await (const { key } of objects.list('jobs/')) {
    const ref = jobOfKey(key)
    const [, task, digits] = /^(.+)-(\d+)$/.exec(ref?.id ?? '') ?? []
    if (ref === undefined || task === undefined) continue
    const place = `${ref.tenant}/${task}`
    const number = Number(digits)
    if (number >= (newest.get(place)?.number ?? 0)) newest.set(place, { ...ref, number })
  }
  return newest.values()
}
