import type { EpochReport } from './reports.ts'

/** What of the validation part is watched. */
export type Monitor = 'loss' | 'accuracy'

/** The first epoch (from 1) that no other betters; without validation the last one. */
export function bestEpochOf(history: readonly EpochReport[], monitor: Monitor = 'loss'): number {
  let best: { readonly epoch: number; readonly value: number } | undefined
  for (const { epoch, validation } of history) {
    if (validation === undefined) return history.length
    const value = monitor === 'accuracy' ? -(validation.accuracy ?? -validation.loss) : validation.loss
    if (best === undefined || value < best.value) best = { epoch, value }
  }
  return best?.epoch ?? 0
}
