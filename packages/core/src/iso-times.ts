const minuteMs = 60_000
const secondTexts = Array.from({ length: 60 }, (_, second) => `${String(second).padStart(2, '0')}.`)
const millisecondTexts = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, '0')}Z`)

/**
 * Writes many times as `Date.prototype.toISOString` does, at a tenth of its cost where they share their minutes. It keeps
 * every minute that it has met, so it is for one answer and not for a process.
 */
export class IsoTimes {
  readonly #minutes = new Map<number, string>()

  /**
   * @param atMs Milliseconds since the epoch.
   * @throws RangeError when their minute is beyond what dates reach.
   */
  textOf(atMs: number): string {
    const ms = Math.trunc(atMs)
    const minute = Math.floor(ms / minuteMs)
    const rest = ms - minute * minuteMs
    const second = Math.floor(rest / 1000)
    return `${this.#minuteText(minute)}${secondTexts[second]}${millisecondTexts[rest - second * 1000]}`
  }

  /** `2026-03-02T12:34:`; years beyond four digits have a sign. */
  #minuteText(minute: number): string {
    const known = this.#minutes.get(minute)
    if (known !== undefined) return known
    const text = new Date(minute * minuteMs).toISOString().slice(0, -'00.000Z'.length)
    this.#minutes.set(minute, text)
    return text
  }
}
