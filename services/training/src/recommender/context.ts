import type { Item } from '@rapport/contracts'
import type { Cuts } from './parts.ts'
import type { TrainingDataset } from './trial.ts'

/** What was read of the tenant's archive. */
export interface JobData {
  readonly dataset: TrainingDataset
  readonly cuts: Cuts
  readonly events: number
  readonly catalogue: ReadonlyMap<string, Item>
}

/** Where each stage ends on the way from 0 to 1. */
export const stages = { read: 0.1, search: 0.6, compare: 0.8, refit: 0.95 } as const
