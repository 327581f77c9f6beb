/** `If-Match` and `If-None-Match` of a request, as they came. */
export interface Preconditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

export const toEtag = (version: number): string => `"${version}"`

/**
 * Whether a request may touch what stands (RFC 9110 §13): `version` is undefined when nothing does. Undefined when it may,
 * otherwise what is in the way.
 */
export function checkPreconditions(
  { ifMatch, ifNoneMatch }: Preconditions,
  version: number | undefined,
): string | undefined {
  const standing = version === undefined ? 'nothing stands' : `version ${toEtag(version)} stands`
  if (ifMatch !== undefined && !matches(ifMatch, version)) return `If-Match asks for ${ifMatch}, and ${standing}.`
  if (ifNoneMatch !== undefined && matches(ifNoneMatch.replaceAll('W/', ''), version)) {
    return `If-None-Match refuses ${ifNoneMatch}, and ${standing}.`
  }
  return undefined
}

function matches(header: string, version: number | undefined): boolean {
  if (version === undefined) return false
  const tags = new Set(header.split(',').map((tag) => tag.trim()))
  return tags.has('*') || tags.has(toEtag(version))
}
