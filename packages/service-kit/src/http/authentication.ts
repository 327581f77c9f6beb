import type { Scope } from '@rapport/contracts'
import type { FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify'
import type { AccessControl } from '../access/access-control.ts'
import { apiKeyOf, credentialHeader } from '../access/credentials.ts'
import type { Principal } from '../access/principal.ts'
import type { HttpApp } from '../service.ts'
import { HttpError, unavailable } from './http-error.ts'
import './route-config.ts'

const challenges = ['Bearer realm="rapport"', 'Basic realm="rapport", charset="UTF-8"']

const unauthenticated = (message: string): HttpError =>
  new HttpError(401, 'RPT_ACCESS_UNAUTHENTICATED', message, { headers: { 'WWW-Authenticate': challenges } })

const forbidden = (scope: Scope): HttpError =>
  new HttpError(403, 'RPT_ACCESS_FORBIDDEN', `The key does not have the scope "${scope}", which this call needs.`, {
    headers: { 'WWW-Authenticate': `Bearer realm="rapport", error="insufficient_scope", scope="${scope}"` },
  })

/** 429: the key's bucket has too few tokens; they will be there after `waitMs`. */
const rateLimited = (waitMs: number): HttpError =>
  new HttpError(
    429,
    'RPT_ACCESS_RATE_LIMITED',
    'The key has sent more than its rate allows; wait as long as Retry-After says.',
    {
      headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) },
      canRetry: true,
    },
  )

const missing =
  'A key is needed: "Authorization: Bearer KEY", Basic authorization with the key as user name, "X-Api-Key" or "X-Write-Key".'

/** Adds `request.principal`, `request.authenticate` and `request.charge`, and a check of key and scope to every route below `/v1`. */
export function addAuthentication(app: HttpApp, access: AccessControl): void {
  app.decorateRequest('principal')
  app.decorateRequest('charge', function charge(this: FastifyRequest, cost: number): void {
    const waitMs = access.charge(this.principal, cost)
    if (waitMs > 0) throw rateLimited(waitMs)
  })
  app.decorateRequest('authenticate', async function authenticate(this: FastifyRequest, key: string) {
    return admit(this, access.fromKey(key) ?? (await access.lookUp(key)))
  })
  app.addHook('onRoute', (route) => {
    if (!isVersioned(route.url)) return
    if (route.config?.scope === undefined) {
      throw new Error(`The route ${String(route.method)} ${route.url} declares no scope.`)
    }
    route.onRequest = [createCheck(access, route), ...[route.onRequest ?? []].flat()]
  })
}

const isVersioned = (url: string): boolean => url === '/v1' || url.startsWith('/v1/')

function createCheck(access: AccessControl, route: RouteOptions): onRequestHookHandler {
  const handlerMayAuthenticate = route.config?.auth === 'handler'
  return (request, _reply, done) => {
    const header = credentialHeader(request.headers)
    if (header === undefined && handlerMayAuthenticate) return done()
    const [waitsFor] = access.notReady()
    if (waitsFor !== undefined)
      return done(unavailable('The service is starting; the access records have not been read yet.'))
    if (header === undefined) return done(unauthenticated(missing))
    const admitOrRefuse = (principal: Principal | undefined): void => {
      try {
        admit(request, principal)
      } catch (error) {
        return done(error as HttpError)
      }
      done()
    }
    const known = access.fromHeader(header)
    if (known !== undefined) return admitOrRefuse(known)
    void access.lookUp(apiKeyOf(header) ?? '').then(admitOrRefuse)
  }
}

function admit(request: FastifyRequest, principal: Principal | undefined): Principal {
  if (principal === undefined) throw unauthenticated('The key is not known, or it has been revoked.')
  const { scope, charge } = request.routeOptions.config
  if (scope !== undefined && scope !== 'any' && !principal.scopes.has(scope)) throw forbidden(scope)
  request.principal = principal
  if (charge !== 'handler') request.charge(1)
  return principal
}
