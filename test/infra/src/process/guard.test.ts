import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { processState } from './process-state.ts'

interface Started {
  readonly pid: number
  readonly folder: string
}

/** A process that has started a server and says which. */
async function startOwner(): Promise<{ readonly kill: () => Promise<void>; readonly server: Started }> {
  const owner = spawn(process.execPath, [fileURLToPath(new URL('server-owner-process.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string]
  const kill = async (): Promise<void> => {
    owner.kill('SIGKILL')
    await once(owner, 'exit')
  }
  return { kill, server: JSON.parse(line) as Started }
}

it('a server and its folder go with the process that started it, even when that is killed', async () => {
  const { kill, server } = await startOwner()
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
})
