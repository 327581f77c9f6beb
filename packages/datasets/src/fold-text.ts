/** White space that folding changes, but for that at the ends. */
const unfolded = /[^\S ]| {2}/

/** The form in which two texts are the same: Unicode NFKC, white space folded to one space and trimmed. Case counts. */
export function foldText(text: string): string {
  const composed = text.normalize('NFKC')
  return (unfolded.test(composed) ? composed.replaceAll(/\s+/g, ' ') : composed).trim()
}
