import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard } from './guard.ts'

/**
 * A folder for a server's data: the one that is given, or a fresh one, which is removed when this process is gone at the
 * latest.
 */
export async function serverFolder(name: string, given?: string): Promise<string> {
  if (given !== undefined) {
    await mkdir(given, { recursive: true })
    return given
  }
  const folder = await mkdtemp(join(tmpdir(), `rapport-${name}-`))
  guard().watchFolder(folder)
  return folder
}
