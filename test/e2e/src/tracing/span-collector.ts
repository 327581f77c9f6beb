import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty at a trace's root. */
  readonly parentSpanId: string
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** `service.name` of whoever sent it. */
  readonly service: unknown
}

export interface SpanCollector extends AsyncDisposable {
  /** What makes a process send its traces here, soon. */
  readonly env: Readonly<Record<string, string>>
  /** What has come so far, as it was sent. */
  readonly bodies: readonly unknown[]
  spansOf(traceId: string): readonly CollectedSpan[]
}

interface Value {
  readonly stringValue?: string
  readonly intValue?: number | string
}
type Attributes = readonly { readonly key: string; readonly value: Value }[]
interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: Attributes
}
/** ExportTraceServiceRequest of OTLP 1, as JSON. */
interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

const toObject = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))

/** A collector that takes traces by OTLP over HTTP, as JSON. */
export async function startSpanCollector(): Promise<SpanCollector> {
  const bodies: TraceRequest[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      if (request.url === '/v1/traces') bodies.push(body as TraceRequest)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const all = (): readonly CollectedSpan[] =>
    bodies.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) =>
          spans.map((span) => ({
            ...span,
            parentSpanId: span.parentSpanId ?? '',
            attributes: toObject(span.attributes),
            service: toObject(resource.attributes)['service.name'],
          })),
        ),
      ),
    )
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    bodies,
    spansOf: (traceId) => all().filter((span) => span.traceId === traceId),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
