import { setTimeout } from 'node:timers/promises'
import type { TrainingJob } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { readJob } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { readTenantAccess, type Principal } from '@rapport/service-kit'
import { isFinished } from './training-jobs.ts'

export interface JobEventsOptions {
  readonly objectStore: ObjectStore
  readonly clock: Clock
  readonly pollMs: number
  /** How long the stream is silent at most; as often the caller's key is looked at. */
  readonly heartbeatMs: number
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
}

/**
 * What happens to a job, as Server-Sent Events (HTML Living Standard, 9.2): `progress` with `state` and the job's progress,
 * `log` with a line, each from what stands there on, and `end` with the job. Ends with the job, when it is removed, when the
 * caller's key is revoked, and when the server stops.
 */
export async function* streamJobEvents(
  job: TrainingJob,
  caller: Pick<Principal, 'tenant' | 'keyId'>,
  options: JobEventsOptions,
): AsyncGenerator<string> {
  const { objectStore, clock, pollMs, heartbeatMs, stopping } = options
  let before: TrainingJob | undefined
  let now: TrainingJob | undefined = job
  let heardMs = clock.now()
  while (now !== undefined) {
    const news = newsOf(now, before)
    if (news !== '') yield news
    if (isFinished(now)) return yield formatEvent('end', now)
    before = now
    const isSilent = clock.now() - heardMs >= heartbeatMs
    if (isSilent && !(await mayStillRead(objectStore, caller))) return
    if (isSilent && news === '') yield ': still there\n\n'
    if (isSilent) heardMs = clock.now()
    await setTimeout(pollMs, undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted) return
    now = await readJob(objectStore, job)
  }
}

/** One event: its data is JSON in one line. */
const formatEvent = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

function newsOf(now: TrainingJob, before: TrainingJob | undefined): string {
  const lines = newLines(now.log ?? [], before?.log ?? []).map((line) => formatEvent('log', { line }))
  const [progress, last] = [now, before].map((job) => job && JSON.stringify(toProgress(job)))
  return lines.join('') + (progress === last ? '' : formatEvent('progress', toProgress(now)))
}

const toProgress = ({ state, progress }: TrainingJob): object => ({ state, ...progress })

/** The record keeps the newest lines alone; what stands behind the last one that was seen is new. */
function newLines(log: readonly string[], seen: readonly string[]): readonly string[] {
  const last = seen.at(-1)
  return last === undefined ? log : log.slice(log.lastIndexOf(last) + 1)
}

async function mayStillRead(
  objectStore: ObjectStore,
  { tenant, keyId }: Pick<Principal, 'tenant' | 'keyId'>,
): Promise<boolean> {
  const stored = await readTenantAccess(objectStore, tenant)
  return stored?.access.keys.some(({ id, revokedAt }) => id === keyId && revokedAt === undefined) === true
}
