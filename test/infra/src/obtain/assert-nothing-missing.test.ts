import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assertNothingMissing } from './assert-nothing-missing.ts'

let folder: string

// A machine with nothing in the cache and only the programs that a test puts there.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-test-'))
  vi.stubEnv('HOME', folder)
  vi.stubEnv('PATH', join(folder, 'bin'))
  await mkdir(join(folder, 'bin'))
  vi.spyOn(process, 'getuid').mockReturnValue(1000)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

async function program(name: string, says: string): Promise<void> {
  const file = join(folder, 'bin', name)
  await writeFile(file, `#!/bin/sh\necho '${says}'\n`)
  await chmod(file, 0o755)
}

describe('what the servers need', () => {
  it('is named at once, all of it, with how to get it', async () => {
    const check = assertNothingMissing(['kafka', 'redis', 's3'])
    await expect(check).rejects.toMatchObject({ code: 'RPT_INFRA_MISSING_PIECES' })
    await expect(check).rejects.toThrow(
      /^The test servers need Docker with their images .*, or what this machine does not have:\n- Java 17 .*RAPPORT_KAFKA_BROKERS\n- Maven .*\n- redis-server 7 .*apt-get install redis-server.*\n- Go .*$/,
    )
  })

  it('is asked only of servers that are to be started', async () => {
    await program('redis-server', 'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64')
    await expect(assertNothingMissing(['redis'])).resolves.toBeUndefined()
    await expect(assertNothingMissing([])).resolves.toBeUndefined()
  })

  it('refuses versions that are too old', async () => {
    await program('redis-server', 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64')
    await program('java', 'openjdk version "11.0.23" 2024-04-16')
    await program('mvn', 'Apache Maven 3.8.7')
    await expect(assertNothingMissing(['kafka', 'redis'])).rejects.toMatchObject({
      pieces: [{ name: 'Java 17 or newer' }, { name: 'redis-server 7 or newer' }],
    })
  })

  it('is less once the programs are in the cache', async () => {
    await program('java', 'openjdk version "21.0.3" 2024-04-16')
    for (const entry of ['kafka-4.4.0', 'versitygw-1.7.0'])
      await mkdir(join(folder, '.cache', 'rapport', entry), { recursive: true })
    await expect(assertNothingMissing(['kafka', 's3'])).resolves.toBeUndefined()
  })

  it.runIf(existsSync('/etc/debian_version'))('is installed by itself for root on Debian', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(0)
    await expect(assertNothingMissing(['redis'])).resolves.toBeUndefined()
  })
})
