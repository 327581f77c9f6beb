import {
  jobOfKey,
  rebuildCommandKey,
  StateRebuildRecordSchema,
  stateRebuildsPrefix,
  topics,
  trainingJobsPrefix,
  type StateCommand,
} from '@rapport/contracts'
import { readJob } from '@rapport/model-store'
import { Value } from 'typebox/value'
import { cancelJob, isFinished, wakeRunners, type JobDependencies } from './training-jobs.ts'
import { waitUntil } from './wait-until.ts'

export type EndWorkOptions = JobDependencies & { readonly pollMs: number; readonly signal: AbortSignal }

/** Cancels a tenant's training jobs and resolves when none works any more, and no rebuild of its state either. */
export async function endTenantWork(options: EndWorkOptions, tenant: string): Promise<void> {
  await waitUntil('training jobs to end', options, () => haveJobsEnded(options, tenant))
  for (const id of await openRebuilds(options, tenant)) await requestAgain(options, tenant, id)
  await waitUntil(
    'a rebuild of the state to end',
    options,
    async () => (await openRebuilds(options, tenant)).length === 0,
  )
}

async function haveJobsEnded(options: EndWorkOptions, tenant: string): Promise<boolean> {
  let open = 0
  for await (const { key } of options.objectStore.list(trainingJobsPrefix(tenant))) {
    const ref = jobOfKey(key)
    const before = ref === undefined ? undefined : await readJob(options.objectStore, ref)
    if (before === undefined || isFinished(before)) continue
    const job = await cancelJob(options, before)
    if (job === undefined || isFinished(job)) continue
    open += 1
    if (before.cancelRequestedAt === undefined) await wakeRunners(options, job)
  }
  return open === 0
}

async function openRebuilds({ objectStore }: EndWorkOptions, tenant: string): Promise<string[]> {
  const open: string[] = []
  for await (const { key } of objectStore.list(stateRebuildsPrefix(tenant))) {
    const found = await objectStore.get(key)
    const record: unknown = found === undefined ? undefined : JSON.parse(Buffer.from(found.body).toString('utf8'))
    const isOpen =
      Value.Check(StateRebuildRecordSchema, record) && (record.state === 'pending' || record.state === 'running')
    if (isOpen) open.push(record.id)
  }
  return open
}

/** Its first command may have been lost, and then nobody would ever end it. */
async function requestAgain({ eventLog, clock }: EndWorkOptions, tenant: string, id: string): Promise<void> {
  const requestedAt = new Date(clock.now()).toISOString()
  const command: StateCommand = { type: 'rebuild', requestedAt, tenant, id }
  const value = Buffer.from(JSON.stringify(command))
  await eventLog.publish([{ topic: topics.stateCommands.name, key: rebuildCommandKey(tenant, id), value }])
}
