// One training in a process of its own, so that its memory is its own: train-ials-process.ts DATA_DIR THREADS|all
import { availableParallelism } from 'node:os'
import { buildCsr, trainIals } from '@rapport/ml'
import { readUserLines } from '@rapport/test-quality/movielens'

const [dataDir = '', threads = 'all'] = process.argv.slice(2)
const { users, items } = await readUserLines(dataDir, 'reczoo-ml-1m/train.txt')
const last = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)
const interactions = buildCsr({
  rows: last(users) + 1,
  columns: last(items) + 1,
  rowOf: users,
  columnOf: items,
  duplicates: 'one',
})
const cpuBefore = process.cpuUsage()
const startMs = performance.now()
await trainIals(interactions, {
  factors: 64,
  epochs: 10,
  alpha0: 0.1,
  regularization: 0.01,
  seed: 1,
  threads: threads === 'all' ? availableParallelism() : Number(threads),
})
const { user, system } = process.cpuUsage(cpuBefore)
console.log(
  JSON.stringify({
    seconds: (performance.now() - startMs) / 1000,
    'CPU seconds': (user + system) / 1e6,
    'peak resident MiB': process.resourceUsage().maxRSS / 1024,
  }),
)
