import { existsSync } from 'node:fs'
import { cacheFolder } from './cache.ts'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { withLock } from './lock.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { askTool, runTool, say } from './run-tool.ts'

const leastMajor = 7

/** What is missing for Redis on this machine: redis-server, where it cannot be installed. */
export async function missingForRedis(): Promise<MissingPiece[]> {
  if ((await installed()) || canInstall()) return []
  return [
    {
      name: `redis-server ${leastMajor} or newer`,
      neededFor: 'Redis',
      howToGet:
        'apt-get install redis-server (done by itself for root on Debian), brew install redis; or name a server in RAPPORT_REDIS_URL',
    },
  ]
}

/** The system's redis-server; root on Debian gets the package installed. */
export async function obtainRedis(): Promise<string> {
  assertNone(await missingForRedis())
  if (await installed()) return 'redis-server'
  await mkdir(cacheFolder(), { recursive: true })
  await withLock(join(cacheFolder(), 'redis-server.lock'), async () => {
    if (await installed()) return
    say('Installing redis-server (once)…')
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const aptGet = (...args: string[]): Promise<string> =>
      runTool('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env })
    const install = (): Promise<string> => aptGet('install', '--no-install-recommends', 'redis-server')
    // Without package lists, or with old ones, the first try fails.
    await install().catch(async () => {
      await aptGet('update')
      await install()
    })
    if (!(await installed())) throw new Error(`The system's redis-server is older than ${leastMajor}.`)
  })
  return 'redis-server'
}

async function installed(): Promise<boolean> {
  const major = /\bv=(\d+)/.exec((await askTool('redis-server', ['--version'])) ?? '')?.[1]
  return major !== undefined && Number(major) >= leastMajor
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}
