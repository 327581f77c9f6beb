import { hasFiles } from '../data/files.ts'
import { readUserLines } from '../data/movielens.ts'
import type { QualitySet } from '../report/quality-set.ts'
import { easeCandidates, ialsCandidate, itemKnnCandidate, popularityCandidate } from './candidates.ts'
import { chooseAndTest, fullRanking } from './choose-and-test.ts'
import { randomHoldOut, toMatrix, toPart } from './splits.ts'

const files = ['reczoo-ml-1m/train.txt', 'reczoo-ml-1m/test.txt'] as const

/** MovieLens 1M in the split of the UltraGCN and LCFN papers. */
export const ml1m: QualitySet = {
  title:
    'MovieLens 1M, reczoo split: full ranking, training items hidden; validation: a random ninth of the training pairs',
  bars: [
    { model: 'ials-128', metric: 'recall@20', atLeast: 0.279 },
    { model: 'ials-128', metric: 'ndcg@20', atLeast: 0.263 },
    { model: 'ease', metric: 'recall@20', atLeast: 0.275 },
    { model: 'ease', metric: 'ndcg@20', atLeast: 0.265 },
    { model: 'item-knn', metric: 'recall@20', atLeast: 0.226 },
    { model: 'item-knn', metric: 'ndcg@20', atLeast: 0.221 },
  ],
  isPresent: (dataDir) => hasFiles(dataDir, ...files),
  async measure(dataDir, say) {
    const train = await readUserLines(dataDir, files[0])
    const test = await readUserLines(dataDir, files[1])
    const shape = { rows: size(train.users, test.users), columns: size(train.items, test.items) }
    say(
      `${shape.rows} users, ${shape.columns} items, ${train.users.length} training and ${test.users.length} test pairs`,
    )
    const { rest, heldOut } = randomHoldOut(train, 1 / 9, 1)
    const [restPart, trainPart] = [toPart(rest, shape), toPart(train, shape)]
    const lambdas = [200, 500, 1000]
    return chooseAndTest(
      {
        candidates: [
          popularityCandidate([0]),
          itemKnnCandidate([50, 100, 200, 400], [0, 20, 100]),
          ...easeCandidates(lambdas, [200]),
          ialsCandidate({ factors: 64, epochs: 10 }),
          ialsCandidate({ factors: 128, epochs: 10, after: 64 }),
        ],
        validation: {
          part: restPart,
          judge: fullRanking({ history: restPart.matrix, test: toMatrix(heldOut, shape) }, [20]),
        },
        test: { part: trainPart, judge: fullRanking({ history: trainPart.matrix, test: toMatrix(test, shape) }, [20]) },
        chooseBy: 'ndcg@20',
      },
      say,
    )
  },
}

const size = (...lists: readonly (readonly number[])[]): number =>
  1 + lists.reduce((largest, list) => list.reduce((a, b) => Math.max(a, b), largest), 0)
