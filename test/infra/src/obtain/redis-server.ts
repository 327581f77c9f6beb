import { canInstallPackages, installPackages } from './debian-packages.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { askTool } from './run-tool.ts'

const leastMajor = 7

/** What is missing for Redis on this machine: redis-server, where it cannot be installed. */
export async function missingForRedis(): Promise<MissingPiece[]> {
  if ((await installed()) || canInstallPackages()) return []
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
  await installPackages(['redis-server'], installed)
  if (!(await installed())) throw new Error(`The system's redis-server is older than ${leastMajor}.`)
  return 'redis-server'
}

async function installed(): Promise<boolean> {
  const major = /\bv=(\d+)/.exec((await askTool('redis-server', ['--version'])) ?? '')?.[1]
  return major !== undefined && Number(major) >= leastMajor
}
