import type { FastifyRequest } from 'fastify'
import type { HttpApp } from '../service.ts'
import { HttpError, notFound } from './http-error.ts'
import { pathOf } from './path-of.ts'

/**
 * Answers what no route takes: 405 with `Allow` when the path has other methods, 404 otherwise. The answer comes before a
 * body is read, so it does not depend on the body or its content type. As in the API document, a path without parameters
 * goes before those with, also for methods that it does not have itself: `DELETE /things/self` deletes no thing.
 */
export function addNotFoundHandler(app: HttpApp): void {
  const paths = new Map<string, KnownPath>()
  app.addHook('onRoute', ({ url, method }) => {
    const path = paths.get(url) ?? { pattern: toPattern(url), methods: new Set(), hides: new Set() }
    for (const each of [method].flat()) path.methods.add(each)
    paths.set(url, path)
  })
  app.addHook('onReady', (done) => {
    noteHidden(paths)
    done()
  })
  const refusalOf = (request: FastifyRequest): HttpError => {
    const path = pathOf(request)
    const known = paths.get(path) ?? paths.values().find(({ pattern }) => pattern.test(path))
    if (known === undefined) return notFound(`route ${request.method} ${path}`)
    const allow = [...known.methods].toSorted().join(', ')
    return new HttpError(405, 'RPT_HTTP_METHOD_NOT_ALLOWED', `${path} takes ${allow}, not ${request.method}.`, {
      headers: { Allow: allow },
    })
  }
  const isHidden = (request: FastifyRequest): boolean => {
    const { hides } = paths.get(request.routeOptions.url ?? '') ?? {}
    return hides !== undefined && hides.size > 0 && hides.has(pathOf(request))
  }
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404 || isHidden(request)) return done(refusalOf(request))
    done()
  })
  app.setNotFoundHandler((request) => {
    throw refusalOf(request)
  })
}

interface KnownPath {
  readonly pattern: RegExp
  readonly methods: Set<string>
  /** Paths without parameters that match too; this one must not answer for them. */
  readonly hides: Set<string>
}

function noteHidden(paths: ReadonlyMap<string, KnownPath>): void {
  for (const [url, { pattern, hides }] of paths) {
    if (!url.includes(':')) continue
    for (const other of paths.keys()) if (!/[:*]/.test(other) && pattern.test(other)) hides.add(other)
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/:[A-Za-z]\w*/g, '[^/]+')
    .replaceAll('*', '.*')
  return new RegExp(`^${source}$`)
}
