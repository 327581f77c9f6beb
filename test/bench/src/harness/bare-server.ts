import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ConnectionPool } from './connection.ts'
import type { Target } from './load.ts'

const program = fileURLToPath(new URL('bare-server-process.ts', import.meta.url))

/** Fastify without the platform, as a process of its own. */
export async function startBareServer(): Promise<Target & AsyncDisposable> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { pid } = child
  if (pid === undefined) throw new Error('the server has no process id')
  const pool = new ConnectionPool({ url: new URL(url), key: 'none' }, 128)
  return {
    pid,
    pool,
    async [Symbol.asyncDispose]() {
      pool[Symbol.dispose]()
      child.kill('SIGTERM')
      await ended
    },
  }
}
