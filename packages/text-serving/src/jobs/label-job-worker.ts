import { randomUUID } from 'node:crypto'
import { topics, type LabelJob } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
import type { EventLog, Follower } from '@rapport/messaging'
import { ModelRefusedError } from '@rapport/model-store'
import type { LabelDocuments } from '../application/label-documents.ts'
import type { TextModelHost } from '../application/find-model.ts'
import {
  changeLabelJob,
  isFinished,
  isoTime,
  labelJobKeys,
  readLabelJob,
  readTogether,
  resultPartKey,
  type LabelJobKey,
  type LabelJobRef,
  type LabelJobStore,
} from './label-job-records.ts'
import { runLabelJob, type LabelProgress } from './run-label-job.ts'

/** The jobs of a service, and how its workers hear of one. */
export interface LabelJobQueue extends LabelJobStore {
  readonly eventLog: EventLog
  readonly log: Log
}

export interface LabelJobWorkerOptions extends LabelJobQueue {
  readonly host: Pick<TextModelHost, 'acquireVersion'>
  readonly label: LabelDocuments
  /** Brings the archive up to the log's end. */
  readonly flushArchive: (signal: AbortSignal) => Promise<void>
  /** How often jobs are looked for when nothing tells of one. */
  readonly pollMs: number
  /** How long a claim holds without a sign of life. Default 30 s. */
  readonly leaseMs?: number
}

/** The job was given to another worker, or has been finished: this one must leave it. */
class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError'
}
/** Somebody has asked for the job's end. */
class CancelRequestedError extends Error {
  override readonly name = 'CancelRequestedError'
}

/** Tells all workers of a service to look now. They look from time to time anyway, so a failure is only logged. */
export async function wakeLabelJobWorkers({ service, clock, eventLog, log }: LabelJobQueue): Promise<void> {
  const value = Buffer.from(JSON.stringify({ requestedAt: isoTime(clock) }))
  try {
    await eventLog.publish([{ topic: topics.labelJobs.name, key: service, value }])
  } catch (error) {
    log.warn({ err: error }, 'a labelling job was not announced; it will be found by polling')
  }
}

const maxAttempts = 5

/**
 * Does the labelling jobs of all tenants, one at a time in each process. A job is claimed by a lease; one whose worker has died is
 * claimed again when the lease has expired, and goes on behind the last stored part of its result.
 */
export class LabelJobWorker implements AsyncDisposable {
  private readonly options: LabelJobWorkerOptions
  private readonly owner = randomUUID()
  private readonly leaseMs: number
  /** Keys of jobs that are finished, or cannot be read, with their etags; those that the last listing has. */
  private readonly settled = new Map<string, string>()
  private readonly stopping = new AbortController()
  private follower: Follower | undefined
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> = Promise.resolve()
  private isLookDue = false

  constructor(options: LabelJobWorkerOptions) {
    this.options = options
    this.leaseMs = options.leaseMs ?? 30_000
  }

  async start(): Promise<void> {
    const { eventLog, pollMs } = this.options
    this.follower = await eventLog.follow(topics.labelJobs.name, () => void this.look())
    this.timer = setInterval(() => void this.look(), pollMs)
  }

  /** Does all jobs that wait, then resolves. Never rejects. */
  look(): Promise<void> {
    if (this.isLookDue) return this.looking
    this.isLookDue = true
    this.looking = this.looking
      .then(() => {
        this.isLookDue = false
        return this.work()
      })
      .catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'labelling jobs could not be looked for; the next look may work')
      })
    return this.looking
  }

  /** A job in hand is given back, to whoever looks next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort()
    clearInterval(this.timer)
    await this.follower?.[Symbol.asyncDispose]()
    await this.looking
  }

  private async work(): Promise<void> {
    const tried = new Set<string>()
    while (!this.stopping.signal.aborted) {
      const job = await this.claimNext(tried)
      if (job === undefined) return
      tried.add(job.id)
      await this.run(job)
    }
  }

  /** The job that has waited longest, of all tenants; not one that has just failed here. */
  private async claimNext(tried: ReadonlySet<string>): Promise<LabelJob | undefined> {
    const waiting: LabelJob[] = []
    for await (const { job, key, etag } of readTogether(this.unsettled(tried), (one) => this.readIntact(one))) {
      if (this.stopping.signal.aborted) return undefined
      if (job === undefined) continue
      if (job === 'corrupt' || isFinished(job)) this.settled.set(key, etag)
      else if (this.isClaimable(job)) waiting.push(job)
    }
    for (const ref of waiting.sort((one, other) => one.requestedAt.localeCompare(other.requestedAt))) {
      const job = await changeLabelJob(this.options, ref, (now) => this.claimed(now))
      if (job?.state === 'running' && job.lease?.owner === this.owner) return job
    }
    return undefined
  }

  private async *unsettled(tried: ReadonlySet<string>): AsyncGenerator<LabelJobKey> {
    const listed = new Set<string>()
    for await (const one of labelJobKeys(this.options)) {
      listed.add(one.key)
      if (!tried.has(one.ref.id) && this.settled.get(one.key) !== one.etag) yield one
    }
    for (const key of this.settled.keys()) if (!listed.has(key)) this.settled.delete(key)
  }

  /** A record that is no job stands in nobody's way: it is told of once and left alone until it changes. */
  private async readIntact(at: LabelJobKey): Promise<LabelJobKey & { readonly job: LabelJob | 'corrupt' | undefined }> {
    const { ref } = at
    try {
      return { ...at, job: await readLabelJob(this.options, ref) }
    } catch (error) {
      if (!(error instanceof RapportError) || error.code !== 'RPT_LABEL_JOB_CORRUPT') throw error
      this.options.log.error({ err: error, tenant: ref.tenant, job: ref.id }, 'a labelling job cannot be read')
      return { ...at, job: 'corrupt' }
    }
  }

  private isClaimable({ state, lease }: LabelJob): boolean {
    if (state === 'queued') return true
    return state === 'running' && Date.parse(lease?.expiresAt ?? '') <= this.options.clock.now()
  }

  private claimed(job: LabelJob): LabelJob {
    if (!this.isClaimable(job)) return job
    const now = isoTime(this.options.clock)
    const { lease: _lease, ...rest } = job
    if (job.cancelRequestedAt !== undefined) return { ...rest, state: 'cancelled', finishedAt: now }
    if (job.attempts >= maxAttempts) {
      const message = `The job was begun ${maxAttempts} times and never ended; the log of the service says why.`
      return { ...rest, state: 'failed', finishedAt: now, error: { code: 'RPT_LABEL_JOB_ATTEMPTS', message } }
    }
    const attempts = job.attempts + 1
    return { ...rest, state: 'running', attempts, startedAt: job.startedAt ?? now, lease: this.lease() }
  }

  private lease(): NonNullable<LabelJob['lease']> {
    return { owner: this.owner, expiresAt: new Date(this.options.clock.now() + this.leaseMs).toISOString() }
  }

  private async run(job: LabelJob): Promise<void> {
    const { log, host, objectStore, label } = this.options
    const { tenant, id } = job
    const ending = new AbortController()
    const signal = AbortSignal.any([ending.signal, this.stopping.signal])
    const beat = setInterval(() => {
      this.renew(job, {}).catch((error: unknown) => {
        if (error instanceof ClaimLostError || error instanceof CancelRequestedError) ending.abort(error)
        else log.warn({ err: error, tenant, job: id }, 'the claim on a labelling job could not be renewed')
      })
    }, this.leaseMs / 3)
    try {
      log.info({ tenant, job: id, attempt: job.attempts }, 'a labelling job has begun')
      using lease = await host.acquireVersion(job.model)
      const onPart = async (part: Uint8Array, progress: LabelProgress): Promise<void> => {
        signal.throwIfAborted()
        await this.keep(job, part, progress)
      }
      if (job.dataset === undefined && job.progress.rows === 0) {
        await this.options.flushArchive(signal)
        // That may have taken long, and without texts nothing else would ask.
        await this.renew(job, {})
      }
      const served = job.model.tenant === tenant ? lease.model : lease.model.lentTo(tenant)
      await runLabelJob(job, { objectStore, served, label, signal, onPart })
      await this.end(job, { state: 'succeeded' })
    } catch (error) {
      await this.endByError(job, error)
    } finally {
      clearInterval(beat)
    }
  }

  private async keep(job: LabelJob, part: Uint8Array, progress: LabelProgress): Promise<void> {
    const { service, objectStore } = this.options
    const key = resultPartKey(service, job, progress.parts - 1)
    // Where a part stands already, another may have done it whose claim holds.
    const { stored } = await objectStore.put(key, part, { ifAbsent: true })
    if (!stored) {
      await this.renew(job, {})
      await objectStore.put(key, part)
    }
    try {
      await this.renew(job, { progress })
    } catch (error) {
      // A job that was removed meanwhile leaves nothing behind.
      const isGone = error instanceof ClaimLostError && (await readLabelJob(this.options, job)) === undefined
      if (isGone) await objectStore.delete([key])
      throw error
    }
  }

  private async endByError(job: LabelJob, error: unknown): Promise<void> {
    const { log } = this.options
    const { tenant, id } = job
    if (error instanceof ClaimLostError) {
      log.warn({ tenant, job: id }, 'a labelling job is done by another worker')
    } else if (error instanceof CancelRequestedError) {
      await this.end(job, { state: 'cancelled' })
    } else if (this.stopping.signal.aborted) {
      await this.giveBack(job, { attempts: job.attempts - 1 })
    } else if (isFinal(error)) {
      await this.end(job, { state: 'failed', error: { code: error.code, message: error.message } })
    } else {
      log.error({ err: error, tenant, job: id }, 'a labelling job broke off and will be tried again')
      await this.giveBack(job, mayPass(error) ? { attempts: job.attempts - 1 } : {})
    }
  }

  private async end(job: LabelJob, end: Partial<LabelJob>): Promise<void> {
    const { tenant, id } = job
    const ended = await this.update(job, ({ lease: _lease, ...now }) => ({
      ...now,
      ...end,
      finishedAt: isoTime(this.options.clock),
    }))
    this.options.log.info(
      { tenant, job: id, state: ended.state, rows: ended.progress.rows },
      'a labelling job has ended',
    )
  }

  private async giveBack(job: LabelJob, more: Partial<LabelJob>): Promise<void> {
    await this.update(job, ({ lease: _lease, ...now }) => ({ ...now, ...more, state: 'queued' }))
  }

  /** @throws ClaimLostError; CancelRequestedError once it is written. */
  private async renew(job: LabelJob, more: Partial<LabelJob>): Promise<void> {
    const now = await this.update(job, (current) => ({ ...current, ...more, lease: this.lease() }))
    if (now.cancelRequestedAt !== undefined) throw new CancelRequestedError()
  }

  /** Changes the job while it is this worker's. @throws ClaimLostError */
  private async update(ref: LabelJobRef, change: (job: LabelJob) => LabelJob): Promise<LabelJob> {
    const changed = await changeLabelJob(this.options, ref, (now) => {
      if (now.state !== 'running' || now.lease?.owner !== this.owner) throw new ClaimLostError()
      return change(now)
    })
    if (changed === undefined) throw new ClaimLostError()
    return changed
  }
}

const finalCode = /^RPT_(?:DATASET|ARCHIVE)_/

/** What is not the job's fault is no attempt of it. */
const mayPass = (error: unknown): boolean =>
  error instanceof RapportError && (error.canRetry || error instanceof ModelRefusedError)

/** What trying again would meet again. */
function isFinal(error: unknown): error is RapportError {
  if (error instanceof ModelRefusedError) return error.reason !== 'memory budget'
  return error instanceof RapportError && finalCode.test(error.code) && !error.canRetry
}
