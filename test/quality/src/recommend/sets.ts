import type { QualitySet } from '../report/quality-set.ts'
import { ml100kLatest, ml100kRandom } from './ml-100k.ts'
import { ml1m } from './ml-1m.ts'
import { onlineRetailAll, onlineRetailNew } from './online-retail.ts'

export const recommendSets: Readonly<Record<string, QualitySet>> = {
  'ml-1m': ml1m,
  'ml-100k-random': ml100kRandom,
  'ml-100k-latest': ml100kLatest,
  'online-retail-new': onlineRetailNew,
  'online-retail-all': onlineRetailAll,
}
