import { buildCsr, type CsrMatrix, popularity } from '@rapport/ml'
import { weightOfKind } from '../data/event-weights.ts'
import type { InteractionLog } from '../data/interaction-log.ts'
import { TrainingDataError } from '../errors.ts'

/** A span of event times: from the first, included, to the second, excluded. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

export const always: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }

export interface MatrixOptions {
  readonly span: Span
  /** Only these kinds of events. All when absent. */
  readonly kinds?: ReadonlySet<number>
  /** An act this much older than the user's newest counts half; no decay when absent. */
  readonly halfLifeMs?: number | undefined
  /** Factor of every strength. */
  readonly scale?: number
  /** Of each user only so many: an act is the newest of an item and kind. All when absent. */
  readonly newestActs?: number
}

/** The newest act of each user, item and kind within the span. `newestMs` is the user's newest act of all those. */
function eachStrength(
  log: InteractionLog,
  { span, kinds, newestActs = Number.POSITIVE_INFINITY }: Pick<MatrixOptions, 'span' | 'kinds' | 'newestActs'>,
  visit: (strength: { user: number; item: number; kind: number; atMs: number; newestMs: number }) => void,
): void {
  for (let user = 0; user < log.users; user += 1) {
    const newest = new Map<number, number>()
    let newestMs = Number.NEGATIVE_INFINITY
    // Acts ascend by time, so the last one of an item and kind is the newest.
    for (let act = log.starts[user] ?? 0; act < (log.starts[user + 1] ?? 0); act += 1) {
      const atMs = log.timesMs[act] ?? 0
      const kind = log.kinds[act] ?? 0
      if (atMs < span.fromMs || atMs >= span.toMs || kinds?.has(kind) === false) continue
      newest.set((log.items[act] ?? 0) * 256 + kind, atMs)
      newestMs = atMs
    }
    for (const [itemAndKind, atMs] of newestOf(newest, newestActs)) {
      visit({ user, item: Math.floor(itemAndKind / 256), kind: itemAndKind % 256, atMs, newestMs })
    }
  }
}

/** The `count` entries of the latest times. */
const newestOf = (times: ReadonlyMap<number, number>, count: number): Iterable<[number, number]> =>
  times.size <= count ? times : [...times].sort(([, left], [, right]) => right - left).slice(0, count)

/** Where fading ends: a year at a half-life of a day would be 0 in single precision, and a cell of 0 is none to iALS. */
const leastDecay = 2 ** -30

/**
 * Users x items with the strengths that serving gives a history: each kind of event counts once for an item, at its newest
 * time, by its weight and age; the kinds add up.
 */
export function strengthMatrix(log: InteractionLog, options: MatrixOptions): CsrMatrix {
  const { halfLifeMs, scale = 1 } = options
  const rowOf: number[] = []
  const columnOf: number[] = []
  const values: number[] = []
  eachStrength(log, options, ({ user, item, kind, atMs, newestMs }) => {
    const decay = halfLifeMs === undefined ? 1 : Math.max(leastDecay, 2 ** ((atMs - newestMs) / halfLifeMs))
    rowOf.push(user)
    columnOf.push(item)
    values.push(scale * decay * weightOfKind(kind))
  })
  return buildCsr({ rows: log.users, columns: log.itemIds.length, rowOf, columnOf, values })
}

/** Summed strengths of every item; with a half-life, an act this much older than the newest of all counts half. */
export function itemPopularity(log: InteractionLog, { span, halfLifeMs, scale = 1 }: MatrixOptions): Float32Array {
  const items: number[] = []
  const weights: number[] = []
  const timesMs: number[] = []
  let asOfMs = 0
  eachStrength(log, { span }, ({ item, kind, atMs }) => {
    items.push(item)
    weights.push(scale * weightOfKind(kind))
    timesMs.push(atMs)
    asOfMs = Math.max(asOfMs, atMs)
  })
  return popularity(
    log.itemIds.length,
    { items, weights, timesMs },
    halfLifeMs === undefined ? {} : { halfLifeMs, asOfMs },
  )
}

/** The factor that gives the mean cell of all data (of some kinds) the strength 1, so that parameters mean the same for every tenant. */
export function strengthScale(log: InteractionLog, kinds?: ReadonlySet<number>): number {
  const { values } = strengthMatrix(log, { span: always, ...(kinds && { kinds }) })
  const sum = values.reduce((total, value) => total + value, 0)
  return sum === 0 ? 1 : values.length / sum
}

/** The timeline cut in three: training up to `validationMs`, validation up to `testMs`, test. */
export interface Cuts {
  readonly validationMs: number
  readonly testMs: number
  readonly validationUsers: number
  readonly testUsers: number
}

const shares = [0.1, 0.2, 0.3]
const enoughUsers = 100
const fewestUsers = 3

/**
 * Holds out the latest share of the acts for the test and the share before it for validation: the smallest share of 10, 20
 * and 30 % that tests enough users, otherwise the one that tests most.
 * @throws TrainingDataError when no share leaves users with a history and something new to find.
 */
export function cutTimeline(log: InteractionLog): Cuts {
  const times = log.timesMs.toSorted()
  const candidates = shares.map((share): Cuts => {
    const timeAt = (part: number): number => times[Math.floor(times.length * part)] ?? Number.POSITIVE_INFINITY
    const testMs = timeAt(1 - share)
    const validationMs = timeAt(1 - 2 * share)
    return {
      validationMs,
      testMs,
      validationUsers: countUsersWithNews(log, { fromMs: validationMs, toMs: testMs }),
      testUsers: countUsersWithNews(log, { fromMs: testMs, toMs: Number.POSITIVE_INFINITY }),
    }
  })
  const tested = ({ validationUsers, testUsers }: Cuts): number => Math.min(validationUsers, testUsers)
  const best =
    candidates.find((cuts) => tested(cuts) >= enoughUsers) ??
    candidates.reduce((most, cuts) => (tested(cuts) > tested(most) ? cuts : most))
  if (tested(best) < fewestUsers) {
    const what = `only ${best.validationUsers} visitors for the validation and ${best.testUsers} for the test`
    throw new TrainingDataError(
      'RPT_TRAINING_NOT_ENOUGH_DATA',
      `not enough data: ${what} have both a history and an item that is new to them afterwards, ${fewestUsers} are needed`,
    )
  }
  return best
}

/** Users with acts before the span and an item in it that they had nothing to do with before. */
function countUsersWithNews(log: InteractionLog, span: Span): number {
  let count = 0
  for (let user = 0; user < log.users; user += 1) {
    const before = new Set<number>()
    let hasNews = false
    for (let act = log.starts[user] ?? 0; act < (log.starts[user + 1] ?? 0); act += 1) {
      const atMs = log.timesMs[act] ?? 0
      if (atMs >= span.toMs) break
      if (atMs < span.fromMs) before.add(log.items[act] ?? 0)
      else if (!before.has(log.items[act] ?? 0)) hasNews = true
    }
    if (hasNews && before.size > 0) count += 1
  }
  return count
}

/** What of `later` is new to a user with a history: the cells that a recommender should find. */
export function newCells(history: CsrMatrix, later: CsrMatrix): CsrMatrix {
  const rowOf: number[] = []
  const columnOf: number[] = []
  for (let user = 0; user < later.rows; user += 1) {
    const start = history.starts[user] ?? 0
    const end = history.starts[user + 1] ?? 0
    if (start === end) continue
    const known = new Set(history.indices.subarray(start, end))
    for (const item of later.indices.subarray(later.starts[user], later.starts[user + 1])) {
      if (known.has(item)) continue
      rowOf.push(user)
      columnOf.push(item)
    }
  }
  return buildCsr({ rows: later.rows, columns: later.columns, rowOf, columnOf })
}
