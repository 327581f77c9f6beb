import type { HttpApp } from '@rapport/service-kit'

const allowed = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'Authorization, Content-Type, Content-Encoding, X-Write-Key, X-Request-Id',
  'access-control-max-age': '86400',
} as const

/**
 * Lets pages of every origin call the app's routes: they only take events, under a key that pages show anyhow, and no
 * cookie is read.
 */
export function allowBrowsers(app: HttpApp): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply
      .header('access-control-allow-origin', '*')
      .header('access-control-expose-headers', 'Retry-After, X-Request-Id')
    done()
  })
  app.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return
    app.options(
      route.url,
      { schema: { hide: true }, config: { scope: 'events:write', auth: 'handler', charge: 'handler' } },
      (_request, reply) => reply.headers(allowed).code(204).send(),
    )
  })
}
