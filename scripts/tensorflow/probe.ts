import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const probeProcess = fileURLToPath(new URL('../../packages/deep/src/backend/probe-process.ts', import.meta.url))

/** What TensorFlow.js computes on, found out by a process of its own. Throws when the native library does not work. */
export function probe(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [probeProcess, 'native'], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  })
  if (status !== 0) throw new Error(`The native library was set up but does not work:\n${stderr}`)
  return stdout.trim()
}
