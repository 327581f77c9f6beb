import type { CreatedKeyAnswer, CreateKey, Key } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'

/** API keys of the tenant that asks. Scope `keys:admin`. */
export class Keys {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** The answer holds the key's text, this once. Every process knows the key within a moment; until then it answers 401. */
  create(key: CreateKey): Promise<CreatedKeyAnswer> {
    return this.#http.json({ method: 'POST', path: '/v1/keys', body: key })
  }

  async list(): Promise<readonly Key[]> {
    const { keys } = await this.#http.json<{ keys: Key[] }>({ method: 'GET', path: '/v1/keys' })
    return keys
  }

  /** The key stops within a minute everywhere. */
  async revoke(id: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}` })
  }
}
