import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Report } from '../harness/report.ts'

const program = fileURLToPath(new URL('train-deep-process.ts', import.meta.url))

/** A training step of each network, batch 64, on the native library and on WebAssembly, and one document served. */
export async function benchDeep(): Promise<Report> {
  return { ...(await measure('native')), ...(await measure('wasm')) }
}

async function measure(backend: 'native' | 'wasm'): Promise<Report> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }
  const { stdout } = await promisify(execFile)(process.execPath, [program, backend], { env, maxBuffer: 1024 ** 2 })
  return JSON.parse(stdout) as Report
}
