import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** A process that started a server. */
export interface Owner {
  readonly server: { readonly pid: number; readonly folder: string }
  readonly kill: () => Promise<void>
}

/** Starts one, whose server is a program of this machine or runs in a container. */
export async function startOwner(road: 'native' | 'docker'): Promise<Owner> {
  const owner = spawn(process.execPath, [fileURLToPath(new URL('server-owner-process.ts', import.meta.url)), road], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = owner.stdout.setEncoding('utf8')[Symbol.asyncIterator]()
  const { value, done } = await lines.next()
  expect(done, 'the owner ended').toBe(false)
  return {
    server: JSON.parse(value as string) as Owner['server'],
    kill: async () => {
      owner.kill('SIGKILL')
      await once(owner, 'exit')
    },
  }
}
