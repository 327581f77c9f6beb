import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, isCached, withScratch } from './cache.ts'
import { canInstallPackages } from './debian-packages.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { askTool, runTool, say } from './run-tool.ts'

const entry = 'promtool'

/** What is missing to check rules: promtool, where Debian's package cannot be had. */
export async function missingForPromtool(): Promise<MissingPiece[]> {
  if (isCached(entry) || (await isInstalled()) || (await askTool('dpkg-deb', ['--version'])) !== undefined) return []
  return [
    {
      name: 'promtool',
      neededFor: 'tests of the rules for Prometheus',
      howToGet: 'https://prometheus.io/download, or brew install prometheus; on Debian it comes by itself',
    },
  ]
}

/**
 * Path of promtool: the system's, or that of Debian's package. The package is unpacked and not installed: it would start a
 * server.
 */
export async function obtainPromtool(): Promise<string> {
  assertNone(await missingForPromtool())
  if (await isInstalled()) return 'promtool'
  const folder = await cached(entry, async (folder) => {
    say('Fetching promtool from Debian’s package prometheus (once)…')
    await withScratch(async (scratch) => {
      const download = (): Promise<string> => runTool('apt-get', ['-q', 'download', 'prometheus'], { cwd: scratch })
      // Without package lists, or with old ones, the first try fails; only root may fetch new ones.
      await download().catch(async (cause: unknown) => {
        if (!canInstallPackages()) throw cause
        await runTool('apt-get', ['-q', '-y', 'update'])
        await download()
      })
      const archive = (await readdir(scratch)).find((name) => name.endsWith('.deb'))
      if (archive === undefined) throw new Error('apt-get has left no package.')
      await runTool('dpkg-deb', ['--extract', archive, 'files'], { cwd: scratch })
      await copyFile(join(scratch, 'files', 'usr', 'bin', 'promtool'), join(folder, 'promtool'))
    })
  })
  return join(folder, 'promtool')
}

const isInstalled = async (): Promise<boolean> => (await askTool('promtool', ['--version'])) !== undefined
