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
  /** `total` undefined: not known. `note` stands behind the bar. */
  update(done: number, note: string): void
  stop(): void
}

const plainLineEveryMs = 5000

/** A bar on a terminal; elsewhere a plain line now and then. */
export function startProgress(title: string, total?: number): Progress {
  if (process.stderr.isTTY) return startBar(title, total)
  let last = Date.now()
  return {
    update(done, note) {
      if (Date.now() - last < plainLineEveryMs) return
      last = Date.now()
      process.stderr.write(
        `${title}: ${total === undefined ? done : `${done} of ${total}`}${note === '' ? '' : `, ${note}`}\n`,
      )
    },
    stop: () => undefined,
  }
}

function startBar(title: string, total: number | undefined): Progress {
  const format = total === undefined ? `${title} {value} {note}` : `${title} [{bar}] {percentage}% {note}`
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: false }, Presets.legacy)
  bar.start(total ?? 0, 0, { note: '' })
  return { update: (done, note) => bar.update(done, { note }), stop: () => bar.stop() }
}
