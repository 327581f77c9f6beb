import type { CsrMatrix } from '@rapport/ml'
import { hasFiles } from '../data/files.ts'
import { readOnlineRetail, type Purchases } from '../data/online-retail.ts'
import type { QualitySet } from '../report/quality-set.ts'
import { easeCandidates, ialsCandidate, itemKnnCandidate, popularityCandidate, type Candidate } from './candidates.ts'
import { chooseAndTest, fullRanking, type Fold } from './choose-and-test.ts'
import { filterPairs, toMatrix, toPart, type Pairs } from './splits.ts'

const minCustomers = 5
const testFrom = Date.UTC(2011, 10, 1)
const validationFrom = Date.UTC(2011, 9, 1)

const candidates = (): readonly Candidate[] => [
  popularityCandidate([0, 3, 7, 14, 30, 60]),
  itemKnnCandidate([20, 50, 100, 200, 400], [0, 5, 20]),
  ...easeCandidates([50, 100, 200, 500, 1000]),
  ialsCandidate({ factors: 64, epochs: 10 }),
]

const setOf = (repeats: boolean): QualitySet => ({
  title: `Online Retail, ${repeats ? 'all purchases' : 'new items only'}: trained before 2011-11-01, full ranking; validation: October, trained before it`,
  bars: repeats ? [] : [{ model: 'any', metric: 'recall@20', atLeast: 0.098 }],
  isPresent: (dataDir) => hasFiles(dataDir, 'online-retail/online-retail.csv'),
  async measure(dataDir, say) {
    const purchases = await readOnlineRetail(dataDir)
    const validation = foldAt(purchases, { from: validationFrom, to: testFrom, repeats })
    const test = foldAt(purchases, { from: testFrom, to: Number.POSITIVE_INFINITY, repeats })
    say(`${purchases.customers.length} rows; ${test.users} test customers, ${test.items} items`)
    return chooseAndTest({ candidates: candidates(), validation, test, chooseBy: 'recall@20' }, say)
  },
})

/** What customers buy from November on that they have not bought before. */
export const onlineRetailNew: QualitySet = setOf(false)
/** What customers buy from November on, repeats allowed. */
export const onlineRetailAll: QualitySet = setOf(true)

/** Trained before `from`, judged on `from .. to`; items with at least five training customers. */
function foldAt(
  purchases: Purchases,
  { from, to, repeats }: { readonly from: number; readonly to: number; readonly repeats: boolean },
): Fold & { readonly users: number; readonly items: number } {
  const isTrain = purchases.timesMs.map((time) => time < from)
  const items = popularProducts(purchases, isTrain)
  const customers = numbering(purchases.customers)
  const pairs: Pairs = {
    users: purchases.customers.map((customer) => customers.get(customer) ?? -1),
    items: purchases.products.map((product) => items.get(product) ?? -1),
    timesMs: purchases.timesMs,
  }
  const shape = { rows: customers.size, columns: items.size }
  const known = filterPairs(pairs, (row) => isTrain[row] === true && pairs.items[row] !== -1)
  const part = toPart(known, shape, from)
  const knownCustomers = new Set(known.users)
  const bought = new Set(known.users.map((user, row) => user * items.size + (known.items[row] ?? 0)))
  const wanted = filterPairs(pairs, (row) => {
    const [user = -1, item = -1, time = 0] = [pairs.users[row], pairs.items[row], purchases.timesMs[row]]
    const isLater = time >= from && time < to && item !== -1 && knownCustomers.has(user)
    return isLater && (repeats || !bought.has(user * items.size + item))
  })
  const test = toMatrix(wanted, shape)
  const nothing: CsrMatrix = toMatrix({ users: [], items: [] }, shape)
  const task = { history: part.matrix, test, ...(repeats && { exclude: nothing }) }
  return { part, judge: fullRanking(task, [20]), users: new Set(wanted.users).size, items: items.size }
}

/** Products that at least five customers bought in the training part, numbered. */
function popularProducts(purchases: Purchases, isTrain: readonly boolean[]): ReadonlyMap<string, number> {
  const buyers = new Map<string, Set<string>>()
  for (const [row, product] of purchases.products.entries()) {
    if (isTrain[row] !== true) continue
    const seen = buyers.get(product) ?? new Set<string>()
    buyers.set(product, seen.add(purchases.customers[row] ?? ''))
  }
  return numbering([...buyers].flatMap(([product, customers]) => (customers.size >= minCustomers ? [product] : [])))
}

const numbering = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...new Set(names)].map((name, index) => [name, index]))
