import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { processState } from '../process/process-state.ts'
import { cached, cacheFolder, isCached, withScratch } from './cache.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'rapport-test-'))
  vi.stubEnv('HOME', home)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

describe('the cache', () => {
  it('lies in the home folder', () => {
    expect(cacheFolder()).toBe(join(home, '.cache', 'rapport'))
  })

  it('makes an entry once, however many ask for it at once', async () => {
    const make = vi.fn(async (folder: string) => writeFile(join(folder, 'file'), 'whole'))
    const folders = await Promise.all([1, 2, 3].map(() => cached('thing-1.0', make)))
    expect(make).toHaveBeenCalledTimes(1)
    expect(new Set(folders)).toEqual(new Set([join(cacheFolder(), 'thing-1.0')]))
    expect(await readFile(join(cacheFolder(), 'thing-1.0', 'file'), 'utf8')).toBe('whole')
    expect(await readdir(cacheFolder())).toEqual(['thing-1.0'])
  })

  it('shows an entry only when it is whole, and nothing of one that failed', async () => {
    const seen: boolean[] = []
    const fail = cached('thing-1.0', async (folder) => {
      await writeFile(join(folder, 'half'), '')
      seen.push(isCached('thing-1.0'))
      throw new Error('the network is gone')
    })
    await expect(fail).rejects.toThrow('the network is gone')
    expect(seen).toEqual([false])
    expect(await readdir(cacheFolder())).toEqual([])
  })

  it.each([
    // Above the highest number that a system gives to a process.
    ['is gone', `${2 ** 30} 1`],
    ['has left its number to another', `${process.pid} 1`],
  ])('takes over the lock of a process that %s', async (_, holder) => {
    await mkdir(cacheFolder(), { recursive: true })
    await writeFile(join(cacheFolder(), 'thing-1.0.lock'), holder)
    await cached('thing-1.0', async (folder) => writeFile(join(folder, 'file'), ''))
    expect(await readdir(cacheFolder())).toEqual(['thing-1.0'])
  })

  it('waits for another process that makes the entry', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(other, 'spawn')
    const lock = join(cacheFolder(), 'thing-1.0.lock')
    await mkdir(cacheFolder(), { recursive: true })
    await writeFile(lock, `${other.pid} ${(await processState(other.pid ?? 0))?.startedAt}`)
    const make = vi.fn(async () => undefined)
    const entry = cached('thing-1.0', make)
    // Long enough for it to have asked more than once.
    await Promise.race([entry, delay(500)])
    expect(make).not.toHaveBeenCalled()
    other.kill('SIGKILL')
    await entry
    expect(make).toHaveBeenCalledTimes(1)
  })

  it('removes the scratch folder afterwards', async () => {
    await withScratch(async (folder) => writeFile(join(folder, 'file'), ''))
    expect(await readdir(cacheFolder())).toEqual([])
  })
})
