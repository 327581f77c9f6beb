import type { ClassifyTexts, ClassifyTextsAnswer, TextModelList, TextMonitoring, TextRules } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'
import { LabelJobs } from './label-jobs.ts'

/** Labels of texts by the tenant's own models. Scope `text`. */
export class Text {
  readonly #http: HttpClient
  /** Labelling of whole data sets. */
  readonly jobs: LabelJobs

  constructor(http: HttpClient) {
    this.#http = http
    this.jobs = new LabelJobs(http, '/v1/text/jobs')
  }

  /** Up to 1,000 documents; what cannot be classified stands in `errors`. */
  classify(request: ClassifyTexts, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ClassifyTextsAnswer> {
    return this.#http.json({ method: 'POST', path: '/v1/text/classify', body: request, repeatable: true, signal })
  }

  /** Those that have a champion. */
  async models(): Promise<TextModelList['models']> {
    const { models } = await this.#http.json<TextModelList>({ method: 'GET', path: '/v1/text/models' })
    return models
  }

  /** Which texts of events are labelled as they come. */
  rules(): Promise<TextRules> {
    return this.#http.json({ method: 'GET', path: '/v1/text/rules' })
  }

  /** Replaces the rules of the `revision` that was read; 409 when another one stands. Scope `models:admin`. */
  replaceRules(rules: TextRules): Promise<TextRules> {
    return this.#http.json({ method: 'PUT', path: '/v1/text/rules', body: rules, repeatable: false })
  }

  /** What the versions in memory of the process that answers have said. */
  monitoring(model: string): Promise<TextMonitoring> {
    return this.#http.json({ method: 'GET', path: `/v1/text/models/${encodeURIComponent(model)}/monitoring` })
  }
}
