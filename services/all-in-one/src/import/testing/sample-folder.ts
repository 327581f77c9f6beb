import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import type { ImportFile, ImportRow } from '../import-row.ts'

/** A folder with these files, gone when the test has ended; a name that ends in `.gz` is compressed. */
export async function sampleFolder(files: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-import-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content)
  }
  return folder
}

export async function rowsOf(files: readonly ImportFile[], part: string): Promise<ImportRow[]> {
  const file = files.find((each) => each.part === part)
  if (file === undefined) throw new Error(`there is no part ${part}`)
  return Array.fromAsync(file.rows())
}
