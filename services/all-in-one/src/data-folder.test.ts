import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processIdentity } from '@rapport/core'
import { expect, onTestFinished, test } from 'vitest'
import { claimDataFolder } from './data-folder.ts'

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rapport-data-folder-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

test('a folder in use is refused, naming the process', async () => {
  const path = await temporaryFolder()
  await using _first = await claimDataFolder(path)
  await expect(claimDataFolder(path)).rejects.toThrow(`in use by process ${process.pid}`)
})

test('a folder is free again after it was given back', async () => {
  const path = await temporaryFolder()
  {
    await using _first = await claimDataFolder(path)
  }
  await using _second = await claimDataFolder(path)
  expect(await readFile(join(path, 'lock.2'), 'utf8')).toBe(processIdentity)
})

test.each(['1234567_00000000.1', 'not a process', ''])(
  'the lock of a dead process (%j) is taken over',
  async (left) => {
    const path = await temporaryFolder()
    await writeFile(join(path, 'lock.3'), left)
    await using _claimed = await claimDataFolder(path)
    expect(await readFile(join(path, 'lock.4'), 'utf8')).toBe(processIdentity)
    expect(await readdir(path)).toEqual(['lock.4'])
  },
)

test('of many that take over a stale lock at once, one wins', async () => {
  const path = await temporaryFolder()
  for (let round = 0; round < 50; round += 1) {
    await writeFile(join(path, `lock.${10 + 2 * round}`), '1234567_00000000.1')
    const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimDataFolder(path)))
    const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []))
    expect(won).toHaveLength(1)
    await won[0]?.[Symbol.asyncDispose]()
  }
})
