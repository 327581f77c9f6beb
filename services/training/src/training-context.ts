import type { TrainingProgress } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'

/** What a training works with. */
export interface TrainingContext {
  readonly objects: ObjectStore
  readonly models: ModelStore
  readonly log: Log
  readonly signal: AbortSignal
  readonly memoryLimitBytes: number
  readonly codeRevision: string
  readonly report: (fraction: number, stage: string, details?: ProgressDetails) => void
  /** Throws when this runner may not publish any more. */
  readonly assertClaim: () => Promise<void>
}

/** How a search goes. */
export type ProgressDetails = Omit<TrainingProgress, 'fraction' | 'stage'>

export const toLeftSeconds = (leftMs: number): number => Math.max(0, Math.round(leftMs / 1000))

/** Of every random choice, so that the same recipe on the same data gives the same model. */
export const seed = 20_080_901

/** A place on the way from 0 to 1 between two stages' ends. */
export const within = (from: number, to: number, fraction: number): number => from + (to - from) * fraction
