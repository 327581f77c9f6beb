import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace'

/** What is traced in this process, until it is disposed of: every trace is recorded that nobody says not to record. */
export interface RecordedSpans extends AsyncDisposable {
  /** Those that have ended, in that order. */
  all(): readonly ReadableSpan[]
  /** Of these, those with the name. */
  named(name: string): readonly ReadableSpan[]
}

export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  const all = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  return {
    all,
    named: (name) => all().filter((span) => span.name === name),
    async [Symbol.asyncDispose]() {
      trace.disable()
      propagation.disable()
      context.disable()
      await provider.shutdown()
    },
  }
}
