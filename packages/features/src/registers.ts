import type { EntityState, Member, PartValue, Register } from '@rapport/online-store'

/** When something happened; the messageId tells what happened at the same time. */
export type Moment = Pick<Register, 'atMs' | 'messageId'>

/** Order by time, then by messageId. Positive when `a` is newer. */
export function compareMoments(a: Moment, b: Moment): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs
  return a.messageId < b.messageId ? -1 : Number(a.messageId > b.messageId)
}

export type Count = Extract<PartValue, { op: 'count' }>
export type Fields = ReadonlyMap<string, Register>
const noFields: Fields = new Map()
const noMembers: readonly Member[] = []

/** The registers of a part; empty when the entity has no such part. */
export function fieldsOf(state: EntityState, part: string): Fields {
  const value = state.parts.get(part)
  return value?.op === 'latest' || value?.op === 'earliest' ? value.fields : noFields
}

/** The members of a part, newest first. */
export function membersOf(state: EntityState, part: string): readonly Member[] {
  const value = state.parts.get(part)
  return value?.op === 'newest' ? value.members : noMembers
}

export function countOf(state: EntityState, part: string): Count | undefined {
  const value = state.parts.get(part)
  return value?.op === 'count' ? value : undefined
}

/** Field by field the newest register (or, with a negative `direction`, the oldest) over several entities. */
export function mergeFields(states: readonly EntityState[], part: string, direction: 1 | -1 = 1): Fields {
  const [only] = states
  if (states.length === 1 && only !== undefined) return fieldsOf(only, part)
  const merged = new Map<string, Register>()
  for (const state of states) {
    for (const [field, register] of fieldsOf(state, part)) {
      const standing = merged.get(field)
      if (standing === undefined || compareMoments(register, standing) * direction > 0) merged.set(field, register)
    }
  }
  return merged
}
