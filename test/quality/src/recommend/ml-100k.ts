import type { RankingScorer } from '@rapport/ml'
import { hasFiles } from '../data/files.ts'
import { readMovielens100k, readTestRows } from '../data/movielens.ts'
import type { QualitySet } from '../report/quality-set.ts'
import { easeCandidates, ialsCandidate, itemKnnCandidate, popularityCandidate, type Candidate } from './candidates.ts'
import { chooseAndTest, fullRanking, type Fold } from './choose-and-test.ts'
import { judgeSampled } from './sampled-ranking.ts'
import { filterPairs, latestHoldOut, randomHoldOut, toMatrix, toPart, type Pairs, type Shape } from './splits.ts'

const shape: Shape = { rows: 943, columns: 1682 }
const candidates = (): readonly Candidate[] => [
  popularityCandidate([0]),
  itemKnnCandidate([20, 50, 100, 200, 400], [0, 10, 50]),
  ...easeCandidates([50, 100, 200, 500, 1000, 2000]),
  ialsCandidate({ factors: 32, epochs: 15 }),
  ialsCandidate({ factors: 64, epochs: 15 }),
]

/** MovieLens 100K, the given random 75/25 split. */
export const ml100kRandom: QualitySet = {
  title:
    'MovieLens 100K, random 75/25: full ranking, training items hidden; validation: a random quarter of the training part',
  bars: [{ model: 'any', metric: 'ndcg@10', atLeast: 0.478 }],
  isPresent: (dataDir) => hasFiles(dataDir, 'ml-100k/u.data', 'ml-100k/split-75-25.test-rows.txt'),
  async measure(dataDir, say) {
    const ratings = await readMovielens100k(dataDir)
    const testRows = await readTestRows(dataDir)
    const train = filterPairs(ratings, (row) => !testRows.has(row))
    const test = filterPairs(ratings, (row) => testRows.has(row))
    const { rest, heldOut } = randomHoldOut(train, 0.25, 1)
    say(`${train.users.length} training and ${test.users.length} test pairs`)
    const fold = (known: Pairs, wanted: Pairs): Fold => {
      const part = toPart(known, shape)
      return { part, judge: fullRanking({ history: part.matrix, test: toMatrix(wanted, shape) }, [10]) }
    }
    const folds = { validation: fold(rest, heldOut), test: fold(train, test) }
    return chooseAndTest({ candidates: candidates(), ...folds, chooseBy: 'ndcg@10' }, say)
  },
}

/** MovieLens 100K, the latest item of each user left out. */
export const ml100kLatest: QualitySet = {
  title:
    'MovieLens 100K, latest item of each user left out: against 99 sampled items (mean of 20 draws) and against all; validation: the latest before it',
  bars: [],
  isPresent: (dataDir) => hasFiles(dataDir, 'ml-100k/u.data'),
  async measure(dataDir, say) {
    const ratings = await readMovielens100k(dataDir)
    const test = latestHoldOut(ratings)
    const validation = latestHoldOut(test.rest)
    const touched = toMatrix(ratings, shape)
    const fold = (known: Pairs, wanted: Pairs, seed: number): Fold => {
      const part = toPart(known, shape)
      const task = { history: part.matrix, test: toMatrix(wanted, shape) }
      const judgeAll = fullRanking(task, [10])
      const judge = async (scorer: RankingScorer): Promise<Readonly<Record<string, number>>> => ({
        ...judgeSampled(scorer, { ...task, touched, negatives: 99, draws: 20, seed }),
        ...(await judgeAll(scorer)),
      })
      return { part, judge }
    }
    const folds = { validation: fold(validation.rest, validation.heldOut, 1), test: fold(test.rest, test.heldOut, 2) }
    return chooseAndTest({ candidates: candidates(), ...folds, chooseBy: 'sampledNdcg@10' }, say)
  },
}
