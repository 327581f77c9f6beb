import { open, readFile, type FileHandle } from 'node:fs/promises'

/** One acknowledged event. */
export interface LedgerEntry {
  readonly source: number
  readonly sequence: number
  readonly messageId: string
  /** When the 2xx came, milliseconds since the epoch. */
  readonly acknowledgedAtMs: number
}

/** What producers were promised: a line for each event, written after its 2xx. */
export class Ledger implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  static async open(path: string): Promise<Ledger> {
    return new Ledger(path, await open(path, 'a'))
  }

  async add(entries: readonly LedgerEntry[]): Promise<void> {
    await this.#file.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  }

  async entries(): Promise<LedgerEntry[]> {
    const text = await readFile(this.#path, 'utf8')
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LedgerEntry]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}
