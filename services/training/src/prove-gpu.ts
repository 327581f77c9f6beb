import type { Log } from '@rapport/core'
import type { BackendDescription } from '@rapport/deep'

/** Opens TensorFlow.js on a GPU and computes something there. */
export type OpenGpu = () => Promise<BackendDescription>

/**
 * Says what this process computes on, and how long it took to get there: loading the library, starting the GPU, and the
 * first operation. @throws RapportError RPT_DEEP_GPU_UNAVAILABLE where there is no GPU that works.
 */
export async function proveGpu(log: Log, open: OpenGpu = openGpu): Promise<void> {
  const startedAtMs = performance.now()
  const { name, version, device } = await open()
  const firstOperationMs = Math.round(performance.now() - startedAtMs)
  log.info({ backend: name, version, device, firstOperationMs }, 'the GPU works')
}

async function openGpu(): Promise<BackendDescription> {
  const { openBackend } = await import('@rapport/deep')
  return openBackend('gpu')
}
