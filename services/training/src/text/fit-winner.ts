import { RapportError } from '@rapport/core'
import type { TextComparison } from './compare-texts.ts'
import type { Tried } from './search-texts.ts'

export interface FitWinnerOptions<Fitted> {
  readonly compare: (tried: readonly Tried[]) => Promise<TextComparison>
  /** To all rows. */
  readonly fit: (comparison: TextComparison) => Promise<Fitted>
  readonly signal: AbortSignal
}

/**
 * Compares what was tried and fits the winner; one that cannot be fitted, for instance because it does not converge, gives
 * way to the next, since another attempt on the same rows would end alike. Throws as `compare` does when none is left.
 */
export async function fitWinner<Fitted>(
  tried: readonly Tried[],
  { compare, fit, signal }: FitWinnerOptions<Fitted>,
): Promise<{ readonly comparison: TextComparison; readonly fitted: Fitted }> {
  let left = tried
  for (;;) {
    const comparison = await compare(left)
    try {
      return { comparison, fitted: await fit(comparison) }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RapportError)) throw error
      const { recipe } = comparison.winner
      left = left.map((each) => (each.recipe === recipe ? { ...each, unfit: error.message } : each))
    }
  }
}
