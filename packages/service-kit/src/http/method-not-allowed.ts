import type { FastifyRequest } from 'fastify'
import type { HttpApp } from '../service.ts'
import { HttpError, notFound } from './http-error.ts'

interface KnownPath {
  readonly pattern: RegExp
  readonly methods: Set<string>
}

/**
 * Answers what no route takes: 405 with `Allow` when the path has other methods, 404 otherwise. The answer comes before a
 * body is read, so it does not depend on the body or its content type.
 */
export function addNotFoundHandler(app: HttpApp): void {
  const paths = new Map<string, KnownPath>()
  app.addHook('onRoute', ({ url, method }) => {
    const path = paths.get(url) ?? { pattern: toPattern(url), methods: new Set() }
    for (const each of [method].flat()) path.methods.add(each)
    paths.set(url, path)
  })
  const refusalOf = (request: FastifyRequest): HttpError => {
    const path = request.url.split('?', 1)[0] ?? '/'
    // As in the API document, a path without parameters goes before those with.
    const known = paths.get(path.replace(/(?<=.)\/$/, '')) ?? paths.values().find(({ pattern }) => pattern.test(path))
    const methods = known?.methods
    if (methods === undefined) return notFound(`route ${request.method} ${path}`)
    const allow = [...methods].toSorted().join(', ')
    return new HttpError(405, 'RPT_HTTP_METHOD_NOT_ALLOWED', `${path} takes ${allow}, not ${request.method}.`, {
      headers: { Allow: allow },
    })
  }
  app.addHook('onRequest', (request, _reply, done) => (request.is404 ? done(refusalOf(request)) : done()))
  app.setNotFoundHandler((request) => {
    throw refusalOf(request)
  })
}

function toPattern(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/:[A-Za-z]\w*/g, '[^/]+')
    .replaceAll('*', '.*')
  return new RegExp(`^${source}/?$`)
}
