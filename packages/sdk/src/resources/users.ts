import type { UnlinkResponse, UserProfile } from '@rapport/contracts'
import { undefinedIfAbsent } from '../errors.ts'
import type { HttpClient } from '../http.ts'

export interface ProfileOptions {
  /** Which kind of id it is. Default `user`. */
  readonly kind?: 'user' | 'anonymous'
  /** ISO 8601. Default now. */
  readonly asOf?: string
}

/** What is known of visitors. */
export class Users {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** Profile and recent behaviour over all linked ids; undefined for somebody who was never seen. Scope `features:read`. */
  get(id: string, options: ProfileOptions = {}): Promise<UserProfile | undefined> {
    const path = `/v1/users/${encodeURIComponent(id)}`
    return undefinedIfAbsent(this.#http.json<UserProfile>({ method: 'GET', path, query: { ...options } }))
  }

  /** Undoes the link of an anonymous id to the user. Scope `events:write`. */
  unlink(id: string, anonymousId: string): Promise<UnlinkResponse> {
    const path = `/v1/users/${encodeURIComponent(id)}/unlink`
    return this.#http.json({ method: 'POST', path, body: { anonymousId }, repeatable: true })
  }
}
