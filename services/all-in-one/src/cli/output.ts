import { Presets, SingleBar } from 'cli-progress'

/** A line on standard output. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Rows under headings, in columns; numbers to the right. */
export function printTable(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const texts = [headings, ...rows.map((row) => row.map(String))]
  const widths = headings.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
  for (const [index, row] of texts.entries()) {
    const cells = row.map((text, column) => {
      const isNumber = index > 0 && typeof rows[index - 1]?.[column] === 'number'
      return isNumber ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)
    })
    print(cells.join('  ').trimEnd())
  }
}

export interface Progress {
  /** `note` stands behind the bar. */
  update(done: number, note: string): void
  /** A line on standard error that stays above the bar. */
  log(line: string): void
  stop(): void
}

const plainLineEveryMs = 5000

/** Progress on standard error: a bar on a terminal; elsewhere a plain line now and then. `total` undefined: not known. */
export function startProgress(title: string, total?: number): Progress {
  if (process.stderr.isTTY) return startBar(title, total)
  let lastMs = Date.now()
  return {
    update(done, note) {
      if (Date.now() - lastMs < plainLineEveryMs) return
      lastMs = Date.now()
      const amount = total === undefined ? String(done) : `${Math.floor((100 * done) / total)}%`
      process.stderr.write(`${title}: ${amount}${note === '' ? '' : `, ${note}`}\n`)
    },
    log: (line) => void process.stderr.write(`${line}\n`),
    stop: () => undefined,
  }
}

function startBar(title: string, total: number | undefined): Progress {
  const format = total === undefined ? `${title} {value} {note}` : `${title} [{bar}] {percentage}% {note}`
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: false, barsize: 24 }, Presets.legacy)
  bar.start(total ?? 0, 0, { note: '' })
  return {
    update: (done, note) => bar.update(done, { note }),
    log(line) {
      // Back to the start of the line, and away with the bar; its next drawing stands below.
      process.stderr.write(`\r\u001B[K${line}\n`)
      bar.render()
    },
    stop: () => bar.stop(),
  }
}
