import { cpus, totalmem } from 'node:os'
import type { LoadResult } from './load.ts'

/** `{ <case>: { <metric>: number } }`; a verdict is in words. */
export type Report = Readonly<Record<string, Readonly<Record<string, number | string>>>>

const round = (value: number | string): number | string =>
  typeof value === 'string' ? value : Number(value.toPrecision(4))

/** A table for people; with `json` one more line for machines, the last one. */
export function printReport(report: Report, json: boolean): void {
  console.log(
    `${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}, load generator on the same machine`,
  )
  for (const [name, metrics] of Object.entries(report)) {
    console.log(`\n${name}`)
    for (const [metric, value] of Object.entries(metrics)) console.log(`  ${metric.padEnd(34)} ${round(value)}`)
  }
  if (!json) return
  const rounded = Object.entries(report).map(([name, metrics]) => [
    name,
    Object.fromEntries(Object.entries(metrics).map(([metric, value]) => [metric, round(value)])),
  ])
  console.log(JSON.stringify(Object.fromEntries(rounded)))
}

/** How a load was answered. */
export const latencies = ({
  latency,
  requests,
  failures,
  seconds: took,
  otherLoadPercent,
}: LoadResult): Record<string, number> => ({
  'requests per second': requests / took,
  'p50 ms': latency.p50,
  'p95 ms': latency.p95,
  'p99 ms': latency.p99,
  failures,
  'other load %': otherLoadPercent,
})
