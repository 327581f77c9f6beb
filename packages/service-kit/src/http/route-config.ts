import type { Scope } from '@rapport/contracts'
import type { Principal } from '../access/principal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must hold to call the route (`any`: nothing beyond being known). Required below `/v1`. */
    scope?: Scope | 'any'
    /** `handler`: a request without a credential header is let through, and the handler calls `request.authenticate(key)`. */
    auth?: 'handler'
    /** `handler`: the handler calls `request.charge(cost)`; otherwise a request costs one token. */
    charge?: 'handler'
    /** Statuses of errors that the route's handler answers beside those that any route may answer; for the OpenAPI document. */
    errors?: readonly number[]
  }
  interface FastifyRequest {
    /** Who calls. On a route with `auth: 'handler'` it is there only after authentication. */
    principal: Principal
    /**
     * Authenticates by a key that came in the body.
     * @throws HttpError 401, 403 or 429.
     */
    authenticate(key: string): Promise<Principal>
    /**
     * Takes tokens from the key's bucket.
     * @throws HttpError 429 with `Retry-After`.
     */
    charge(cost: number): void
    /** Lets the body take any time as long as bytes keep coming and the request is not answered. */
    streamBody(): void
  }
}

/** True when the request carries a credential that was accepted. */
export const isAuthenticated = (request: { principal: Principal }): boolean =>
  (request.principal as Principal | undefined) !== undefined
