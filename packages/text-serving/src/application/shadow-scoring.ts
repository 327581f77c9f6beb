import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '@rapport/core'
import type { ModelHost } from '@rapport/model-store'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { TextMetrics } from '../metrics.ts'

/** A text and the label that was answered. */
export interface AnsweredText {
  readonly text: string
  readonly label: string
}

export interface ShadowScoringOptions {
  /** Of the alias `shadow`; undefined where nothing is shadowed. */
  readonly host: Pick<ModelHost<ServedClassifier>, 'tryAcquire'> | undefined
  /** The shadows in memory. */
  readonly served: ReadonlySet<ServedClassifier>
  readonly metrics: Pick<TextMetrics, 'shadowDropped'>
  readonly log: Log
}

type Answerer = ServedClassifier['manifest']
interface Job {
  readonly answerer: Answerer
  readonly texts: readonly AnsweredText[]
}

/** UTF-16 units that may wait; what comes beyond is dropped and counted. */
const mostWaitingUnits = 4 * 1024 ** 2

/** Has shadow versions label what was answered, behind the answers: one document between two turns of the event loop. */
export class ShadowScoring implements AsyncDisposable {
  readonly served: ReadonlySet<ServedClassifier>
  private readonly options: ShadowScoringOptions
  private readonly jobs: Job[] = []
  private waitingUnits = 0
  private isClosed = false
  private working: Promise<void> | undefined

  constructor(options: ShadowScoringOptions) {
    this.options = options
    this.served = options.served
  }

  /** Never waits and never throws. */
  take(answerer: Answerer, texts: readonly AnsweredText[]): void {
    const { host, metrics } = this.options
    // Without a shadow nothing is kept; the look at the alias goes on behind this call.
    using lease = host?.tryAcquire(answerer.tenant, answerer.name)
    if (lease === undefined || lease.model.version === answerer.version) return
    const units = unitsOf(texts)
    if (this.isClosed || this.waitingUnits + units > mostWaitingUnits) {
      metrics.shadowDropped.inc(texts.length)
      return
    }
    this.waitingUnits += units
    this.jobs.push({ answerer, texts })
    this.working ??= this.work().finally(() => (this.working = undefined))
  }

  /** Resolves when the document in hand is done; the others are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true
    await this.working
  }

  private async work(): Promise<void> {
    for (let job = this.jobs.shift(); job !== undefined && !this.isClosed; job = this.jobs.shift()) {
      this.waitingUnits -= unitsOf(job.texts)
      try {
        await this.score(job)
      } catch (error) {
        const { tenant, name } = job.answerer
        this.options.log.error({ err: error, tenant, model: name }, 'a shadow could not label texts')
      }
    }
  }

  private async score({ answerer: { tenant, name, version }, texts }: Job): Promise<void> {
    using lease = this.options.host?.tryAcquire(tenant, name)
    if (lease === undefined) return
    const { labels, classifier, tally, version: shadow } = lease.model
    const agreedBefore = tally.agreed
    for (const { text, label } of texts) {
      await nextTurn()
      if (this.isClosed) return
      const probabilities = classifier.classify([text])
      const highest = Math.max(...probabilities)
      const best = probabilities.indexOf(highest)
      tally.note(best, highest, false)
      if (labels[best] === label) tally.agreed += 1
    }
    const fields = { tenant, model: name, version, shadow, documents: texts.length }
    this.options.log.debug({ ...fields, agreeing: tally.agreed - agreedBefore }, 'a shadow has labelled texts')
  }
}

const unitsOf = (texts: readonly AnsweredText[]): number => texts.reduce((sum, { text }) => sum + text.length, 0)
