import type { LeaderboardRow } from '@rapport/contracts'
import { printTable } from './output.ts'

/** A column beside the metrics, shown when any row has it. */
interface Extra {
  readonly heading: string
  readonly of: (row: LeaderboardRow) => string | undefined
}

const before: readonly Extra[] = [
  {
    heading: 'cross-validated',
    of: ({ crossValidation }) => crossValidation && describeFolds(crossValidation),
  },
]
const after: readonly Extra[] = [
  { heading: 'seconds', of: ({ trainingSeconds }) => trainingSeconds?.toFixed(1) },
  {
    heading: 'MiB',
    of: ({ modelBytes }) => (modelBytes === undefined ? undefined : (modelBytes / 1024 / 1024).toFixed(1)),
  },
  { heading: 'ms a text', of: ({ predictMs }) => predictMs?.toFixed(2) },
]

function describeFolds({ mean, deviation }: NonNullable<LeaderboardRow['crossValidation']>): string {
  return `${Math.abs(mean).toFixed(4)} ${deviation === undefined ? '(one fold)' : `± ${deviation.toFixed(4)}`}`
}

export function printLeaderboard(rows: readonly LeaderboardRow[]): void {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
  const shown = (extras: readonly Extra[]): readonly Extra[] =>
    extras.filter(({ of }) => rows.some((row) => of(row) !== undefined))
  const [left, right] = [shown(before), shown(after)]
  const headings = (extras: readonly Extra[]): string[] => extras.map(({ heading }) => heading)
  const cells = (extras: readonly Extra[], row: LeaderboardRow): string[] => extras.map(({ of }) => of(row) ?? '')
  printTable(
    ['', 'algorithm', 'role', ...headings(left), ...metrics, ...headings(right), 'parameters'],
    rows.map((row) => [
      row.isWinner === true ? '*' : '',
      row.algorithm,
      row.role ?? '',
      ...cells(left, row),
      ...metrics.map((metric) => row.metrics[metric]?.toFixed(4) ?? ''),
      ...cells(right, row),
      row.declined === undefined ? inWords(row.parameters) : `declined: ${row.declined}`,
    ]),
  )
}

const inWords = (parameters: LeaderboardRow['parameters']): string =>
  Object.entries(parameters)
    .map(([name, value]) => (isObject(value) ? inWords(value) : `${name}=${String(value)}`))
    .join(' ')

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
