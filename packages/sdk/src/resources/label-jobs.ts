import type { CreateLabelJob, LabelJob } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'

/** A line of a result: a row of the data set, or a text of an event, with what the service answers to a document, or `error`. */
export type LabelledRow = Readonly<Record<string, unknown>> & {
  readonly row?: number
  /** Of the event, and the rule that found the text in it. */
  readonly messageId?: string
  readonly rule?: string
  readonly id?: string
  /** Labels of the data set. */
  readonly given?: readonly string[]
}

/** A day. */
const longestReadMs = 24 * 3_600_000

/** Labelling of whole data sets. Scope `text`. */
export class LabelJobs {
  readonly #http: HttpClient
  readonly #path: string

  /** @param path Of the service's jobs: `/v1/text/jobs`. */
  constructor(http: HttpClient, path: string) {
    this.#http = http
    this.#path = path
  }

  /** Queues a job; `get` tells how it goes. */
  create(job: CreateLabelJob): Promise<LabelJob> {
    return this.#http.json({ method: 'POST', path: this.#path, body: job })
  }

  get(id: string): Promise<LabelJob> {
    return this.#http.json({ method: 'GET', path: this.#jobPath(id) })
  }

  /** Newest first. */
  async list(): Promise<readonly LabelJob[]> {
    return (await this.#http.json<{ jobs: LabelJob[] }>({ method: 'GET', path: this.#path })).jobs
  }

  /** Asks the job to end; one that has ended stays as it is. */
  cancel(id: string): Promise<LabelJob> {
    return this.#http.json({ method: 'POST', path: `${this.#jobPath(id)}/cancel`, repeatable: true })
  }

  /** Removes a job that has ended, and its result. */
  async remove(id: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: this.#jobPath(id) })
  }

  /** The rows of the data set in their order, of a job that has succeeded; read no faster than they are taken. */
  async *result(id: string, { signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<LabelledRow> {
    const path = `${this.#jobPath(id)}/result`
    const { body } = await this.#http.send({ method: 'GET', path, signal, timeoutMs: longestReadMs })
    let rest = ''
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as LabelledRow
    }
  }

  #jobPath(id: string): string {
    return `${this.#path}/${encodeURIComponent(id)}`
  }
}
