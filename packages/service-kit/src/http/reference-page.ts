import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fastify } from 'fastify'
import type { HttpApp } from '../service.ts'

const hidden = { hide: true } as object

/**
 * `/docs`: a browsable reference of the OpenAPI document, with nothing fetched from elsewhere. Its megabytes of script are
 * loaded when somebody opens it.
 */
export function addReferencePage(app: HttpApp, title: string): void {
  let page: Promise<FastifyInstance> | undefined
  const serve = async (url: string): Promise<{ status: number; type: string; body: Buffer }> => {
    page ??= createPage(title)
    const answer = await (await page).inject({ method: 'GET', url })
    return {
      status: answer.statusCode,
      type: answer.headers['content-type'] ?? 'text/html',
      body: answer.rawPayload,
    }
  }
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { status, type, body } = await serve(request.url)
    return reply.code(status).type(type).send(body)
  }
  app.get('/docs', { schema: hidden }, (request, reply) => {
    // The page names its script by a relative address, so it has to stand below the slash.
    const isBelow = request.url.split('?', 1)[0]?.endsWith('/')
    return isBelow ? answer(request, reply) : reply.redirect('/docs/')
  })
  app.get('/docs/*', { schema: hidden }, answer)
  app.addHook('onClose', async () => {
    await (await page)?.close()
  })
}

async function createPage(title: string): Promise<FastifyInstance> {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  const page = fastify()
  await page.register(reference, {
    routePrefix: '/docs',
    configuration: { url: '/openapi.json', pageTitle: title, withDefaultFonts: false, telemetry: false },
  })
  return page
}
