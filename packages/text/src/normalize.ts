/**
 * One spelling of a text: Unicode compatibility composition (full-width to half-width, ligatures apart), lower case, and
 * one kind of apostrophe. Locale-independent.
 */
export function normalize(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('’', "'")
}
