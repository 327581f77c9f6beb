import { readFile, rename, writeFile } from 'node:fs/promises'
import type { KeptResult, KeptResults } from './quality-set.ts'

/**
 * Results kept in a JSON file, which is replaced as a whole after each. Throws when the file is there and is not one.
 * @param isFresh Answers nothing of earlier runs; what is not measured anew stays in the file.
 */
export async function openResults(
  path: string,
  { isFresh = false }: { readonly isFresh?: boolean } = {},
): Promise<KeptResults> {
  const kept = new Map(Object.entries(readKept(path, await readIfThere(path))))
  const known = new Set(isFresh ? [] : kept.keys())
  return {
    get: (key) => (known.has(key) ? kept.get(key) : undefined),
    async keep(key, row) {
      known.add(key)
      kept.set(key, { row, measuredAt: new Date().toISOString() })
      await writeFile(`${path}.new`, JSON.stringify(Object.fromEntries(kept), undefined, 1))
      await rename(`${path}.new`, path)
    },
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '{}'
    throw cause
  }
}

function readKept(path: string, content: string): Readonly<Record<string, KeptResult>> {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null) return value as Record<string, KeptResult>
  } catch (cause) {
    throw new TypeError(`${path} does not hold results of this command`, { cause })
  }
  throw new TypeError(`${path} does not hold results of this command`)
}
