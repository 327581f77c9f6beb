import { readFile } from 'node:fs/promises'

/** The key that lies in a file; undefined when there is no such file. */
export async function readKey(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
