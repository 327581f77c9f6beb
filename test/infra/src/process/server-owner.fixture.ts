import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { processState } from './process-state.ts'

/** A process that started a server. */
interface Owner {
  readonly server: { readonly pid: number; readonly folder: string }
  readonly kill: () => Promise<void>
}

/** Starts one, whose server is a program of this machine or runs in a container. */
async function startOwner(road: 'native' | 'docker'): Promise<Owner> {
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

/** Whatever ends the process that started a server: neither the server nor its folder is left. */
export async function expectToGoWithOwner(road: 'native' | 'docker'): Promise<void> {
  const { kill, server } = await startOwner(road)
  expect(await processState(server.pid)).toMatchObject({ ended: false })
  expect(existsSync(server.folder)).toBe(true)
  await kill()
  await vi.waitFor(
    async () => {
      // A container may have no process that waits for orphans; one that ended then stays listed.
      expect((await processState(server.pid))?.ended ?? true).toBe(true)
      expect(existsSync(server.folder)).toBe(false)
    },
    { timeout: 10_000 },
  )
}
