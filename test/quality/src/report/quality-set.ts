/** A line of a set's table: a model, what was chosen for it, and its metrics on the test part (fractions of 1). */
export interface QualityRow {
  readonly model: string
  readonly chosen: string
  readonly metrics: Readonly<Record<string, number>>
}

/** What a metric is expected to reach: so much, less than so much, or no more than so much below the best of other models. */
export type Limit =
  | { readonly atLeast: number }
  | { readonly below: number }
  | { readonly within: number; readonly of: readonly string[] }

/** What a model is expected to reach on a set; `any` stands for the best model. */
export type Bar = { readonly model: string; readonly metric: string } & Limit

/** What was asked for beside the set. */
export interface MeasureChoice {
  /** The only model to measure, where a set can measure one alone. */
  readonly cell?: string
  /** For each search for a winner. */
  readonly budgetSeconds?: number
  /** Results of earlier runs, where a set can go on from them. */
  readonly results?: KeptResults
}

/** Results that outlive a run, by key. */
export interface KeptResults {
  get(key: string): KeptResult | undefined
  /** Durable when it resolves. */
  keep(key: string, row: QualityRow): Promise<void>
}

export interface KeptResult {
  readonly row: QualityRow
  /** ISO 8601. */
  readonly measuredAt: string
}

/** One data set with its split, models and bars. */
export interface QualitySet {
  readonly title: string
  readonly bars: readonly Bar[]
  /** Heading of what each row says of its model; "chosen on validation" when absent. */
  readonly noteHeading?: string
  /** The models that can be measured alone. */
  readonly cells?: readonly string[]
  /** Whether the files of the set are in the folder. */
  isPresent(dataDir: string): boolean
  measure(dataDir: string, say: (line: string) => void, choice: MeasureChoice): Promise<readonly QualityRow[]>
}
