import { decodeBundle, runSelfCheck } from '@rapport/ml'
import type { ModelLoader } from '@rapport/model-store'
import { ModelView } from '../domain/model-view.ts'
import type { Shops } from '../domain/shops.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'

/** Beside the arrays of its files a loaded recommender holds its items' ids, a score and an index for each. */
const memoryPerFileByte = 1.25

/** How the model host makes a recommender ready for a tenant's requests. */
export function createRecommenderLoader(shops: Shops): ModelLoader<ModelView> {
  const shopOf = new WeakMap<ModelView, TenantIndex>()
  return {
    estimateBytes: ({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0) * memoryPerFileByte,
    decode: (files, manifest) => {
      const shop = shops.of(manifest.tenant)
      const view = new ModelView(manifest, decodeBundle(files), shop.table)
      shops.hold(shop)
      shopOf.set(view, shop)
      return view
    },
    selfCheck: ({ bundle }, expected) => runSelfCheck(bundle, expected),
    warmUp: ({ scorer, scores }) => {
      if (scorer.itemCount === 0) return
      scorer.score({ items: Int32Array.of(0), weights: Float32Array.of(1), length: 1 }, scores)
    },
    dispose: (view) => {
      const shop = shopOf.get(view)
      if (shop !== undefined) shops.release(shop)
    },
  }
}
