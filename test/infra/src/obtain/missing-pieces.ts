/** A program that the servers need and that is not on this machine. */
export interface MissingPiece {
  /** What, and from which version on. */
  readonly name: string
  readonly neededFor: string
  readonly howToGet: string
}

/** The servers cannot be started here; the message names every piece that is missing and how to get it. */
export class MissingPiecesError extends Error {
  readonly code = 'RPT_INFRA_MISSING_PIECES'
  readonly pieces: readonly MissingPiece[]

  constructor(pieces: readonly MissingPiece[]) {
    const lines = pieces.map(({ name, neededFor, howToGet }) => `- ${name}, for ${neededFor}: ${howToGet}`)
    super(
      `The test servers need Docker with their images (npm run infra images), or what this machine does not have:\n${lines.join('\n')}`,
    )
    this.name = 'MissingPiecesError'
    this.pieces = pieces
  }
}

/** @throws MissingPiecesError when there is any. */
export function assertNone(missing: readonly MissingPiece[]): void {
  if (missing.length > 0) throw new MissingPiecesError(missing)
}
