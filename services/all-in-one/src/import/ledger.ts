import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** How far a file has been imported into one tenant of one server. */
export interface LedgerEntry {
  readonly file: string
  readonly part: string
  readonly sha256: string
  /** Every row below this number (rejected ones too) is accepted or reported. */
  readonly committedRows: number
  readonly finished: boolean
  readonly updatedAt: string
}

export interface Ledger {
  readonly entry: LedgerEntry | undefined
  commit(committedRows: number, finished: boolean): Promise<void>
}

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/**
 * Opens the ledger of one part of a file. It outlives the server's window of known messageIds: a file that was imported
 * last month is still known by its content. `target` names server and tenant.
 */
export async function openLedger(
  folder: string,
  { target, path, part }: { target: string; path: string; part: string },
): Promise<Ledger> {
  const sha256 = await checksum(path)
  const name = createHash('sha256').update(`${target}\n${part}\n${sha256}`).digest('hex').slice(0, 32)
  const ledgerPath = join(folder, `${name}.json`)
  await mkdir(folder, { recursive: true })
  return {
    entry: await readEntry(ledgerPath),
    async commit(committedRows, finished) {
      const entry: LedgerEntry = {
        file: basename(path),
        part,
        sha256,
        committedRows,
        finished,
        updatedAt: new Date().toISOString(),
      }
      await writeFile(`${ledgerPath}.new`, `${JSON.stringify(entry, undefined, 2)}\n`)
      await rename(`${ledgerPath}.new`, ledgerPath)
    },
  }
}

async function readEntry(path: string): Promise<LedgerEntry | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const entry = parse(text)
  if (entry === undefined) {
    throw new Error(`${path} is not a ledger entry; remove it to import the file from its start`)
  }
  return entry
}

function parse(text: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(text) as LedgerEntry
    return Number.isSafeInteger(entry.committedRows) && typeof entry.finished === 'boolean' ? entry : undefined
  } catch {
    return undefined
  }
}
