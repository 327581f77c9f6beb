import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { withLock } from './lock.ts'
import { runTool, say } from './run-tool.ts'

/** Root on Debian can install packages. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

/** Installs packages unless `isThere` says that somebody else has meanwhile. */
export async function installPackages(names: readonly string[], isThere: () => Promise<boolean>): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true })
  await withLock(join(cacheFolder(), 'packages.lock'), async () => {
    if (await isThere()) return
    say(`Installing ${names.join(', ')} (once)…`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const aptGet = (...args: string[]): Promise<string> =>
      runTool('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env })
    const install = (): Promise<string> => aptGet('install', '--no-install-recommends', ...names)
    // Without package lists, or with old ones, the first try fails.
    await install().catch(async () => {
      await aptGet('update')
      await install()
    })
  })
}
