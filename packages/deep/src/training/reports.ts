/** What one epoch did. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number
  /** Mean over the epoch's steps, weights and dropout included. */
  readonly loss: number
  readonly validation?: {
    /** Weighted as in training, without dropout. */
    readonly loss: number
    /** Absent where values are learnt. */
    readonly accuracy?: number
  }
  readonly seconds: number
}

/** What one step did. */
export interface StepReport {
  readonly epoch: number
  /** From 1. */
  readonly step: number
  /** Steps an epoch. */
  readonly steps: number
  readonly loss: number
  /** Finished part of all epochs, 0 to 1. */
  readonly fraction: number
}
