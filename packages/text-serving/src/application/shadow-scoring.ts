import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '@rapport/core'
import type { ClassifierHost } from '../adapters/classifier-hosts.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { TextMetrics } from '../metrics.ts'

/** A text and the label that was answered. */
export interface AnsweredText {
  readonly text: string
  /** The version that answered. */
  readonly served: ServedClassifier
  readonly label: string
}

export interface ShadowScoringOptions {
  /** Undefined where nothing is shadowed. */
  readonly shadows: ClassifierHost | undefined
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
  private readonly options: ShadowScoringOptions
  private readonly jobs: Job[] = []
  private waitingUnits = 0
  private isClosed = false
  private working: Promise<void> | undefined

  constructor(options: ShadowScoringOptions) {
    this.options = options
  }

  /** The shadows in memory. */
  get served(): ReadonlySet<ServedClassifier> {
    return this.options.shadows?.served ?? new Set()
  }

  /** Never waits and never throws. */
  take(answered: readonly AnsweredText[]): void {
    for (const [{ manifest }, texts] of Map.groupBy(answered, ({ served }) => served)) this.add(manifest, texts)
  }

  private add(answerer: Answerer, texts: readonly AnsweredText[]): void {
    const { shadows, metrics } = this.options
    // Without a shadow nothing is kept; the look at the alias goes on behind this call.
    using lease = shadows?.host.tryAcquire(answerer.tenant, answerer.name)
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
    using lease = this.options.shadows?.host.tryAcquire(tenant, name)
    if (lease === undefined) return
    const { model } = lease
    const { labels, classifier, tally, version: shadow } = model
    const agreedBefore = tally.agreed
    for (const { text, label } of texts) {
      await nextTurn()
      if (this.isClosed) return
      const probabilities = classifier.classify([text])
      const highest = Math.max(...probabilities)
      const best = probabilities.indexOf(highest)
      model.note(best, highest, false)
      if (labels[best] === label) tally.agreed += 1
    }
    const fields = { tenant, model: name, version, shadow, documents: texts.length }
    this.options.log.debug({ ...fields, agreeing: tally.agreed - agreedBefore }, 'a shadow has labelled texts')
  }
}

const unitsOf = (texts: readonly AnsweredText[]): number => texts.reduce((sum, { text }) => sum + text.length, 0)
