import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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

  it('takes over the lock of a process that is gone', async () => {
    await mkdir(cacheFolder(), { recursive: true })
    // Above the highest number that a system gives to a process.
    await writeFile(join(cacheFolder(), 'thing-1.0.lock'), `${2 ** 30}`)
    await cached('thing-1.0', async (folder) => writeFile(join(folder, 'file'), ''))
    expect(await readdir(cacheFolder())).toEqual(['thing-1.0'])
  })

  it('removes the scratch folder afterwards', async () => {
    await withScratch(async (folder) => writeFile(join(folder, 'file'), ''))
    expect(await readdir(cacheFolder())).toEqual([])
  })
})
