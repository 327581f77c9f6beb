import type { Item } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import type { Cuts } from './parts.ts'
import type { TrainingDataset } from './trial.ts'

/** What a training works with. */
export interface TrainingContext {
  readonly objects: ObjectStore
  readonly models: ModelStore
  readonly log: Log
  readonly signal: AbortSignal
  readonly memoryLimitBytes: number
  readonly codeRevision: string
  readonly report: (fraction: number, stage: string) => void
  /** Throws when this runner may not publish any more. */
  readonly assertClaim: () => Promise<void>
}

/** What was read of the tenant's archive. */
export interface JobData {
  readonly dataset: TrainingDataset
  readonly cuts: Cuts
  readonly events: number
  readonly catalogue: ReadonlyMap<string, Item>
}

/** Of every random choice, so that the same recipe on the same data gives the same model. */
export const seed = 20_080_901

/** Where each stage ends on the way from 0 to 1. */
export const stages = { read: 0.1, search: 0.6, compare: 0.8, refit: 0.95 } as const
