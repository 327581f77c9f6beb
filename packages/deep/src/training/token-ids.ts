/** Documents as rows of token ids, all of one length: what `createTokenEncoder` of `@rapport/text` gives. */
export interface TokenIds {
  readonly rows: number
  /** Ids a row. */
  readonly length: number
  /** rows x length, row-major; 0 is padding, 1 a token that is not in the vocabulary. */
  readonly ids: Int32Array
}
