import type { Bar, QualityRow } from './quality-set.ts'

/** The rows as an aligned table, and below it every bar of a measured model with what was reached. */
export function formatTable(
  rows: readonly QualityRow[],
  bars: readonly Bar[],
  noteHeading = 'chosen on validation',
): string {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
  const cells = [
    ['model', ...metrics, noteHeading],
    ...rows.map((row) => [row.model, ...metrics.map((metric) => formatMetric(row.metrics[metric])), row.chosen]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const measured = bars.filter(({ model }) => model === 'any' || rows.some((row) => row.model === model))
  return [...lines, ...measured.map((bar) => formatBar(bar, rows))].map((line) => `  ${line}`).join('\n')
}

function formatBar({ model, metric, ...limit }: Bar, rows: readonly QualityRow[]): string {
  const valuesOf = (models: readonly string[]): number[] =>
    rows.filter((row) => models.includes(row.model)).flatMap((row) => row.metrics[metric] ?? [])
  const values = valuesOf(model === 'any' ? rows.map((row) => row.model) : [model])
  const who = `bar: ${model === 'any' ? 'best model' : model} ${metric}`
  const say = (wanted: string, reached: number, isReached: boolean): string =>
    `${who} ${wanted}: ${formatMetric(reached)} ${isReached ? 'reached' : 'MISSED'}`
  const [highest, lowest] = [Math.max(...values), Math.min(...values)]
  if ('below' in limit) return say(`< ${limit.below}`, lowest, lowest < limit.below)
  if ('atLeast' in limit) return say(`>= ${limit.atLeast}`, highest, highest >= limit.atLeast)
  const wanted = `within ${limit.within} of ${limit.of.join(', ')}`
  const others = valuesOf(limit.of)
  if (others.length === 0) return `${who} ${wanted}: those were not measured`
  return say(wanted, highest, highest >= Math.max(...others) - limit.within)
}

const formatMetric = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(4)
