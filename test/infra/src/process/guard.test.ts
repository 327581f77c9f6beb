import { existsSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { processState } from './process-state.ts'
import { startOwner } from './server-owner.fixture.ts'

it('a server and its folder go with the process that started it, even when that is killed', async () => {
  const { kill, server } = await startOwner('native')
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
