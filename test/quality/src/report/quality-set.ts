/** A line of a set's table: a model, what was chosen for it, and its metrics on the test part (fractions of 1). */
export interface QualityRow {
  readonly model: string
  readonly chosen: string
  readonly metrics: Readonly<Record<string, number>>
}

/** What a model is expected to reach on a set; `any` stands for the best model. */
export interface Bar {
  readonly model: string
  readonly metric: string
  readonly atLeast: number
}

/** One data set with its split, models and bars. */
export interface QualitySet {
  readonly title: string
  readonly bars: readonly Bar[]
  /** Whether the files of the set are in the folder. */
  isPresent(dataDir: string): boolean
  measure(dataDir: string, say: (line: string) => void): Promise<readonly QualityRow[]>
}
