/** What was looked at, line by line, as it is told while it happens. */
export class Transcript {
  readonly #sections = new Map<string, string[]>()
  readonly #tell: (line: string) => void
  #section: string[] = []

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  /** Lines by the title that they stand under. */
  get sections(): ReadonlyMap<string, readonly string[]> {
    return this.#sections
  }

  get failed(): number {
    return countFailed([...this.#sections.values()].flat())
  }

  section(title: string): void {
    this.#section = []
    this.#sections.set(title, this.#section)
    this.#tell(`\n${title}`)
  }

  /** `look` resolves with what was seen, a figure where there is one, and throws where it is not as it must be. */
  async check(name: string, look: () => Promise<string>): Promise<void> {
    try {
      const seen = await look()
      this.#add(`ok  ${name}${seen === '' ? '' : ` (${seen})`}`)
    } catch (error) {
      this.#add(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #add(line: string): void {
    this.#section.push(line)
    this.#tell(line)
  }
}

export const countFailed = (lines: readonly string[]): number => lines.filter((line) => line.startsWith('FAIL ')).length

/** @throws Error that says what was seen in place of what must be. */
export function must(holds: boolean, seen: string): void {
  if (!holds) throw new Error(seen)
}
