/** The form in which two texts are the same: Unicode NFKC, white space folded to one space and trimmed. Case counts. */
export const foldText = (text: string): string => text.normalize('NFKC').replaceAll(/\s+/g, ' ').trim()
