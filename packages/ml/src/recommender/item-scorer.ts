/**
 * What a visitor did, as the model sees it: the first `length` entries of `items` (item indices of the model, each at most
 * once) and of `weights` (positive interaction strength).
 */
export interface History {
  readonly items: Int32Array
  readonly weights: Float32Array
  readonly length: number
}

/**
 * A trained recommender that needs no stored user: it scores the whole catalogue from a history (fold-in), so what a
 * visitor did a second ago counts. Implementations allocate nothing of catalogue size in a call and are not re-entrant.
 */
export interface ItemScorer {
  readonly itemCount: number
  /** Writes the score of every item into `out` (`itemCount` long). An empty history gives zeros. */
  score(history: History, out: Float32Array): void
  /** The exact additive part of each history entry in `item`'s score; the parts sum to the score. `out` is `history.length` long or more. */
  explain(history: History, item: number, out: Float32Array): void
}
