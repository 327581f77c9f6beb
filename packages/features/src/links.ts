import type { EntityState } from '@rapport/online-store'
import { compareRegisters, fieldsOf } from './registers.ts'
import { parts } from './layout.ts'

/**
 * The ids that an entity is linked with now, the earliest first link first. A pair is active when it was never undone
 * or its newest link is newer than its newest unlink, each by (timestamp, messageId).
 */
export function activeLinks(state: EntityState): readonly string[] {
  const first = fieldsOf(state, parts.firstLinks)
  if (first.size === 0) return []
  const links = fieldsOf(state, parts.newestLinks)
  const unlinks = fieldsOf(state, parts.newestUnlinks)
  return [...first]
    .filter(([id]) => {
      const unlink = unlinks.get(id)
      const link = links.get(id)
      return unlink === undefined || (link !== undefined && compareRegisters(link, unlink) > 0)
    })
    .sort(([idA, a], [idB, b]) => compareRegisters(a, b) || (idA < idB ? -1 : 1))
    .map(([id]) => id)
}

/** The user that an anonymous id belongs to: of the active links the one that was made first. */
export const ownerOf = (anonymous: EntityState): string | undefined => activeLinks(anonymous)[0]
