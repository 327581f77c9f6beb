import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard } from './guard.ts'

/** A fresh folder for a server's data, removed with the server or, at the latest, when this process is gone. */
export async function serverFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `rapport-${name}-`))
  guard().watchFolder(folder)
  return folder
}
