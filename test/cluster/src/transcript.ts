/** What was looked at, line by line, as it is told while it happens. */
export class Transcript {
  readonly lines: string[] = []
  readonly #tell: (line: string) => void
  #failed = 0

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  get failed(): number {
    return this.#failed
  }

  section(title: string): void {
    this.#add('', title)
  }

  /** `look` resolves with what was seen, a figure where there is one, and throws where it is not as it must be. */
  async check(name: string, look: () => Promise<string>): Promise<void> {
    try {
      const seen = await look()
      this.#add(`ok  ${name}${seen === '' ? '' : ` (${seen})`}`)
    } catch (error) {
      this.#failed += 1
      this.#add(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #add(...lines: readonly string[]): void {
    this.lines.push(...lines)
    for (const line of lines) this.#tell(line)
  }
}

/** @throws Error that says what was seen in place of what must be. */
export function must(holds: boolean, seen: string): void {
  if (!holds) throw new Error(seen)
}
