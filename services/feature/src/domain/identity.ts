import { limits, parts, type IdentityStatement } from '@rapport/features'
import type { Change } from '@rapport/online-store'

/** The changes on one entity of the pair; `other` is the pair's other id. */
export function identityChanges(kind: IdentityStatement['kind'], other: string, atMs: number): readonly Change[] {
  const register = { field: other, atMs, value: null, keep: limits.links }
  if (kind === 'unlink') return [{ op: 'latest', part: parts.newestUnlinks, ...register }]
  return [
    { op: 'earliest', part: parts.firstLinks, ...register },
    { op: 'latest', part: parts.newestLinks, ...register },
  ]
}
