import type { Alias, AliasAnswer, Model, ModelList, ModelManifest } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'

const modelPath = (name: string): string => `/v1/models/${encodeURIComponent(name)}`

/** Trained models, their versions, and which one serves. Scope `models:admin`. */
export class Models {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  async list(): Promise<ModelList['models']> {
    const { models } = await this.#http.json<ModelList>({ method: 'GET', path: '/v1/models' })
    return models
  }

  /** A model with its versions, the newest first. */
  get(name: string): Promise<Model> {
    return this.#http.json({ method: 'GET', path: modelPath(name) })
  }

  /** Everything that is known of a version: data, parameters, metrics, files. */
  manifest(name: string, version: string): Promise<ModelManifest> {
    return this.#http.json({ method: 'GET', path: `${modelPath(name)}/versions/${encodeURIComponent(version)}` })
  }

  /** Lets a version serve, or makes it the shadow, or the challenger that answers a `share` of the documents. */
  promote(name: string, version: string, alias: Alias = 'champion', share?: number): Promise<AliasAnswer> {
    const body = { version, alias, ...(share !== undefined && { share }) }
    return this.#http.json({ method: 'POST', path: `${modelPath(name)}/promote`, body })
  }

  /** Goes back to `version`, or to the one that the alias named before. */
  rollback(name: string, options: { version?: string; alias?: Alias } = {}): Promise<AliasAnswer> {
    return this.#http.json({ method: 'POST', path: `${modelPath(name)}/rollback`, body: options })
  }
}
