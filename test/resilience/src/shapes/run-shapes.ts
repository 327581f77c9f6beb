import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { compareShapes, type ShapesReport } from './compare-shapes.ts'
import { copyInvoices } from './orders-file.ts'

export interface ShapesRequest {
  /** Folder with `online-retail/online-retail.csv.gz`. */
  readonly dataDir: string
  /** Only so many events. All when absent. */
  readonly events?: number
  readonly json: boolean
  readonly print: (line: string) => void
  readonly onProgress: (line: string) => void
}

const shownDifferences = 100
const exitCodes = { same: 0, different: 1, noData: 3 }

/** Compares one process with separate ones on Online Retail and prints what was compared. Resolves with the exit code. */
export async function runShapes(request: ShapesRequest): Promise<number> {
  const { dataDir, events, json, print, onProgress } = request
  const source = join(dataDir, 'online-retail', 'online-retail.csv.gz')
  if (!existsSync(source)) {
    onProgress(`There is no ${source}. Nothing was compared.`)
    return exitCodes.noData
  }
  await using folder = await temporaryFolder()
  const file = events === undefined ? source : join(folder.path, 'orders.csv')
  if (events !== undefined) await copyInvoices(source, file, events)
  const report = await compareShapes(file, onProgress)
  printReport(report, print)
  if (json) print(JSON.stringify({ shapes: figuresOf(report) }))
  return report.differences.length === 0 ? exitCodes.same : exitCodes.different
}

function printReport(report: ShapesReport, print: ShapesRequest['print']): void {
  for (const { of, place, inOneProcess, inSeparateProcesses } of report.differences.slice(0, shownDifferences)) {
    const [one, separate] = [inOneProcess, inSeparateProcesses].map((value) => value ?? 'nothing')
    print(`${of}: ${place}: ${one} in one process, ${separate} in separate processes`)
  }
  const hidden = report.differences.length - shownDifferences
  if (hidden > 0) print(`and ${hidden} further differences`)
  const rows = Object.entries(figuresOf(report)).map(([name, value]) => `| ${name} | ${value} |`)
  print(['| | |', '|---|---|', ...rows].join('\n'))
  print('\nThe evaluation in one process:')
  for (const [place, value] of report.evaluation) print(`  ${place}: ${value}`)
}

const figuresOf = ({ events, appliedByProcess, compared, differences, seconds }: ShapesReport) => ({
  events,
  ...Object.fromEntries(appliedByProcess.map((applied, at) => [`applied by feature process ${at + 1}`, applied])),
  ...Object.fromEntries(Object.entries(compared).map(([name, count]) => [`${name} compared`, count])),
  differences: differences.length,
  'seconds in one process': Math.round(seconds.oneProcess),
  'seconds in separate processes': Math.round(seconds.separateProcesses),
})
