import type {
  AnalyzeSentiments,
  AnalyzeSentimentsAnswer,
  TextModelList,
  TextMonitoring,
  TextRules,
} from '@rapport/contracts'
import type { HttpClient } from '../http.ts'
import { LabelJobs } from './label-jobs.ts'

/** Sentiment of texts and of their sentences by the tenant's own models. Scope `text`. */
export class Sentiment {
  readonly #http: HttpClient
  /** Labelling of whole data sets. */
  readonly jobs: LabelJobs

  constructor(http: HttpClient) {
    this.#http = http
    this.jobs = new LabelJobs(http, '/v1/sentiment/jobs')
  }

  /** Up to 1,000 documents; what cannot be analyzed stands in `errors`. */
  analyze(
    request: AnalyzeSentiments,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<AnalyzeSentimentsAnswer> {
    return this.#http.json({ method: 'POST', path: '/v1/sentiment/analyze', body: request, repeatable: true, signal })
  }

  /** Those that have a champion. */
  async models(): Promise<TextModelList['models']> {
    const { models } = await this.#http.json<TextModelList>({ method: 'GET', path: '/v1/sentiment/models' })
    return models
  }

  /** Which texts of events are labelled as they come. */
  rules(): Promise<TextRules> {
    return this.#http.json({ method: 'GET', path: '/v1/sentiment/rules' })
  }

  /** Replaces the rules of the `revision` that was read; 409 when another one stands. Scope `models:admin`. */
  replaceRules(rules: TextRules): Promise<TextRules> {
    return this.#http.json({ method: 'PUT', path: '/v1/sentiment/rules', body: rules, repeatable: false })
  }

  /** What the versions in memory of the process that answers have said. */
  monitoring(model: string): Promise<TextMonitoring> {
    return this.#http.json({ method: 'GET', path: `/v1/sentiment/models/${encodeURIComponent(model)}/monitoring` })
  }
}
