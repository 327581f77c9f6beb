import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FixedRateTarget } from './fixed-rate.ts'

const program = fileURLToPath(new URL('bare-server-process.ts', import.meta.url))

/** Fastify without the platform, as a process of its own. */
export async function startBareServer(): Promise<FixedRateTarget & AsyncDisposable> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { pid } = child
  if (pid === undefined) throw new Error('the server has no process id')
  return {
    pid,
    url,
    key: 'none',
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
