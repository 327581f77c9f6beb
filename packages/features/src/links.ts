import type { EntityState } from '@rapport/online-store'
import { compareMoments, fieldsOf, type Moment } from './registers.ts'
import { parts } from './layout.ts'

/** A pair is linked when it was never undone, or its newest link is newer than its newest unlink. */
export const isActiveLink = (link: Moment | undefined, unlink: Moment | undefined): boolean =>
  unlink === undefined || (link !== undefined && compareMoments(link, unlink) > 0)

/** The ids that an entity is linked with now, the earliest first link first. */
export function activeLinks(state: EntityState): readonly string[] {
  const first = fieldsOf(state, parts.firstLinks)
  if (first.size === 0) return []
  const links = fieldsOf(state, parts.newestLinks)
  const unlinks = fieldsOf(state, parts.newestUnlinks)
  return [...first]
    .filter(([id]) => isActiveLink(links.get(id), unlinks.get(id)))
    .sort(([idA, a], [idB, b]) => compareMoments(a, b) || (idA < idB ? -1 : 1))
    .map(([id]) => id)
}

/** The user that an anonymous id belongs to: of the active links the one that was made first. */
export const ownerOf = (anonymous: EntityState): string | undefined => activeLinks(anonymous)[0]
