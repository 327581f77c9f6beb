import { trainItemKnn } from '@rapport/ml'
import { expect, it } from 'vitest'
import { purchaseKinds, weightedEvents } from '../data/event-weights.ts'
import { GrowingActs } from '../data/growing-acts.ts'
import { toInteractionLog } from '../data/interaction-log.ts'
import { buildBundle } from './build-bundle.ts'
import { always, strengthMatrix } from './parts.ts'
import { TrainingPart } from './trial.ts'

it('shrinks what was bought together as much as it shrinks everything else', async () => {
  const growing = new GrowingActs()
  const kind = weightedEvents.indexOf('Order Completed')
  // Items 0 and 1 are bought together by twenty, 0 and 2 by the only one who bought 2.
  for (let visitor = 0; visitor < 20; visitor += 1) {
    for (const item of visitor === 0 ? [0, 1, 2] : [0, 1]) growing.push({ visitor, item, kind, atMs: visitor })
  }
  const log = toInteractionLog(growing, { users: 20, itemIds: ['a', 'b', 'c'] })
  const part = new TrainingPart({ log, scale: 0.2, memoryLimitBytes: 2 ** 30 }, Number.POSITIVE_INFINITY)
  const knn = { neighbours: 10, shrinkage: 10 }
  const { bundle } = await buildBundle(
    { recipe: { algorithm: 'popularity', parameters: {} }, part, knn, popularityHalfLifeDays: 0, catalogue: new Map() },
    {},
  )
  const ones = strengthMatrix(log, { span: always, kinds: purchaseKinds, scale: 0.2 })
  expect(bundle.neighbours.alsoBought).toEqual(await trainItemKnn(ones, knn))
  // 20 / (20 + 10) and 1 / (sqrt(20) + 10).
  expect(bundle.neighbours.alsoBought?.scores.slice(0, 2)).toEqual(Float32Array.of(20 / 30, 1 / (Math.sqrt(20) + 10)))
})
