import type { FastifyInstance } from 'fastify'
import { fastify } from 'fastify'
import type { HttpApp } from '../service.ts'

const hidden = { hide: true } as object

/** Nothing of the page asks another host, or offers to. */
const configuration = {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
} as const

/**
 * `/docs`: a browsable reference of the OpenAPI document, with nothing fetched from elsewhere. Its megabytes of script are
 * loaded when somebody opens it.
 */
export function addReferencePage(app: HttpApp, title: string): void {
  let scripts: Promise<FastifyInstance> | undefined
  app.get('/docs', { schema: hidden }, (request, reply) => {
    // The page names its script by a relative address, so it has to stand below the slash.
    const isBelow = request.url.split('?', 1)[0]?.endsWith('/')
    return isBelow ? reply.type('text/html; charset=utf-8').send(toHtml(title)) : reply.redirect('/docs/')
  })
  app.get('/docs/*', { schema: hidden }, async (request, reply) => {
    scripts ??= loadScripts()
    const answer = await (await scripts).inject({ method: 'GET', url: request.url })
    reply.code(answer.statusCode).type(answer.headers['content-type'] ?? 'text/plain')
    return reply.send(answer.rawPayload)
  })
  app.addHook('onClose', async () => {
    await (await scripts)?.close()
  })
}

/** An icon of no bytes keeps browsers from asking for `/favicon.ico`. */
const toHtml = (title: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>
  </head>
  <body>
    <div id="app"></div>
    <script src="js/scalar.js"></script>
    <script>Scalar.createApiReference('#app', ${JSON.stringify(configuration)})</script>
  </body>
</html>
`

async function loadScripts(): Promise<FastifyInstance> {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  const scripts = fastify()
  await scripts.register(reference, { routePrefix: '/docs', configuration })
  return scripts
}
