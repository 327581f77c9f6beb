import { access } from 'node:fs/promises'
import { join } from 'node:path'

/** The path of a file in a folder: itself, or its gzip-compressed copy. */
export async function existingFile(folder: string, name: string): Promise<string> {
  for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
    try {
      await access(path)
      return path
    } catch {
      // The next candidate decides.
    }
  }
  throw new Error(`${folder} holds neither ${name} nor ${name}.gz`)
}
