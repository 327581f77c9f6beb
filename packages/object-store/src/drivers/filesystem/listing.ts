import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { reservedComponent } from '../../keys.ts'

interface Entry {
  /** Key of a file; of a folder, the key's beginning with a `/` at its end, which is what its keys sort by. */
  readonly key: string
  readonly sortBytes: Buffer
}

async function readEntries(root: string, folderKey: string): Promise<Entry[]> {
  try {
    const found = await readdir(join(root, folderKey), { withFileTypes: true })
    return found
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .filter((entry) => folderKey !== '' || entry.name !== reservedComponent)
      .map((entry) => {
        const name = entry.isDirectory() ? `${entry.name}/` : entry.name
        return { key: folderKey + name, sortBytes: Buffer.from(name) }
      })
      .sort((left, right) => Buffer.compare(left.sortBytes, right.sortBytes))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

const compareUtf8 = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

/** Keys below a root folder that start with the prefix and come behind `after`, ascending by UTF-8 bytes. */
export async function* listKeys(root: string, prefix: string, after: string | undefined): AsyncGenerator<string> {
  yield* walk(prefix.slice(0, prefix.lastIndexOf('/') + 1))

  async function* walk(folderKey: string): AsyncGenerator<string> {
    for (const { key } of await readEntries(root, folderKey)) {
      if (!key.startsWith(prefix)) continue
      if (key.endsWith('/')) {
        const wholeFolderIsBehind = after !== undefined && !after.startsWith(key) && compareUtf8(key, after) < 0
        if (!wholeFolderIsBehind) yield* walk(key)
      } else if (after === undefined || compareUtf8(key, after) > 0) {
        yield key
      }
    }
  }
}
