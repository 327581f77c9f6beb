// Preloaded (`node --import @rapport/service-kit/tracing`): where the environment configures no traces, nothing is loaded.
import { isTracingConfigured } from './tracing-environment.ts'

if (isTracingConfigured(process.env)) {
  const { startTracing } = await import('./start-tracing.ts')
  startTracing(process.env)
}
