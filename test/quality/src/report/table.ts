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

function formatBar({ model, metric, atLeast }: Bar, rows: readonly QualityRow[]): string {
  const reached = Math.max(
    ...rows
      .filter((row) => model === 'any' || row.model === model)
      .map((row) => row.metrics[metric] ?? Number.NEGATIVE_INFINITY),
  )
  const who = model === 'any' ? 'best model' : model
  const verdict = reached >= atLeast ? 'reached' : 'MISSED'
  return `bar: ${who} ${metric} >= ${atLeast}: ${formatMetric(reached)} ${verdict}`
}

const formatMetric = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(4))
