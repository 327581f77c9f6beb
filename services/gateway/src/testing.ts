import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLogger, readConfig, type HttpServer } from '@rapport/service-kit'
import { Registry } from 'prom-client'
import { GatewayConfigSchema } from './config.ts'
import { createGateway } from './gateway.ts'

/** A process behind the gateway, as a test wants it. */
export interface TestUpstream extends AsyncDisposable {
  readonly url: string
  isReady: boolean
  /** Method and URL of each call that is no probe. */
  readonly calls: string[]
}

/** @param port Where it listens; a free one when not given. */
export async function startUpstream(answer: RequestListener, port = 0): Promise<TestUpstream> {
  const calls: string[] = []
  const upstream = { isReady: true, calls }
  const server = createServer((request, response) => {
    if (request.url === '/health/ready') return response.writeHead(upstream.isReady ? 200 : 503).end()
    calls.push(`${request.method} ${request.url}`)
    return answer(request, response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  })
}

/** Where nobody listens. */
const nowhere = 'http://127.0.0.1:9'

export interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly metrics: Registry
  readonly server: HttpServer
}

/** A gateway for processes of the feature service; the other services are nowhere. */
export async function startGateway(urls: readonly string[], more: Record<string, string> = {}): Promise<TestGateway> {
  const metrics = new Registry()
  const config = readConfig(GatewayConfigSchema, {
    RAPPORT_INGESTION_URLS: nowhere,
    RAPPORT_FEATURE_URLS: urls.join(','),
    RAPPORT_RECOMMENDATION_URLS: nowhere,
    RAPPORT_TEXT_CLASSIFICATION_URLS: nowhere,
    RAPPORT_SENTIMENT_URLS: nowhere,
    RAPPORT_CONTROL_URLS: nowhere,
    RAPPORT_GATEWAY_PROBE_MS: '20',
    ...more,
  })
  const log = createLogger('test', { level: 'silent' })
  const server = await createGateway(config, { log, metrics, version: '1.2.3', stopMs: 1_000 })
  const { url } = await server.listen({ port: 0 })
  return { url, metrics, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
