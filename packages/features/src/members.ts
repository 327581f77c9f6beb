import type { EntityRead, EntityRef, EntityState, OnlineStore } from '@rapport/online-store'
import type { VisitorRef } from './behaviour-reader.ts'
import { entities, limits, linkParts } from './layout.ts'
import { activeLinks, ownerOf } from './links.ts'

export interface MemberState {
  readonly entity: EntityRef
  readonly state: EntityState
}

/** The entities that make up one visitor, the user first; at least one, at most 17. */
export type Members = readonly MemberState[]

const noState: EntityState = { sequence: 0, parts: new Map() }

/** The states read so far, by kind and id, so that no entity is read twice. */
class StateReads {
  readonly #store: OnlineStore
  readonly #parts: readonly string[] | 'all'
  readonly #states = new Map<string, EntityState>()

  constructor(store: OnlineStore, parts: readonly string[] | 'all') {
    this.#store = store
    this.#parts = parts
  }

  async read(refs: readonly EntityRef[]): Promise<void> {
    const requests = new Map<string, EntityRead>()
    for (const entity of refs) {
      const key = keyOf(entity)
      if (!this.#states.has(key)) requests.set(key, { entity, parts: this.#parts })
    }
    if (requests.size === 0) return
    const states = await this.#store.read([...requests.values()])
    for (const [index, key] of [...requests.keys()].entries()) {
      const state = states[index]
      if (state !== undefined) this.#states.set(key, state)
    }
  }

  /** Takes what has been read already. */
  note(entity: EntityRef, state: EntityState): void {
    this.#states.set(keyOf(entity), state)
  }

  of(entity: EntityRef): EntityState {
    return this.#states.get(keyOf(entity)) ?? noState
  }
}

const keyOf = ({ tenant, kind, id }: EntityRef): string => `${tenant}/${kind}/${id}`

/**
 * Reads the given parts (and the links) of every entity that belongs to each visitor. One store call for users without
 * links and for unknown visitors, two for linked users, three for an anonymous id that belongs to a user.
 *
 * An anonymous id belongs to the user whose first active link is the earliest; a user has at most 16 members, the
 * earliest first. An anonymous id that is named together with a user and belongs to nobody is counted in.
 */
export async function readMembers(
  store: OnlineStore,
  visitors: readonly VisitorRef[],
  wanted: readonly string[] | 'all',
): Promise<readonly Members[]> {
  const parts = wanted === 'all' ? wanted : wanted.length === 0 ? linkParts : [...wanted, ...linkParts]
  const [visitor] = visitors
  // Most calls ask for one user, who has no links; every answer from the cache makes one.
  if (visitor?.userId === undefined || visitor.anonymousId !== undefined || visitors.length > 1) {
    return readLinked(visitors, new StateReads(store, parts))
  }
  const user = entities.user(visitor.tenant, visitor.userId)
  const [state = noState] = await store.read([{ entity: user, parts }])
  if (activeLinks(state).length === 0) return [[{ entity: user, state }]]
  const reads = new StateReads(store, parts)
  reads.note(user, state)
  return readLinked(visitors, reads)
}

async function readLinked(visitors: readonly VisitorRef[], reads: StateReads): Promise<readonly Members[]> {
  await reads.read(visitors.flatMap(namedEntities))
  const alone = visitors.map((visitor) => userAlone(visitor, reads))
  const others = visitors.filter((_, index) => alone[index] === undefined)
  const linked = others.length === 0 ? undefined : (await followLinks(others, reads)).values()
  return alone.map((members) => members ?? linked?.next().value ?? [])
}

/** The members of a visitor that is a user without links, as most are. */
function userAlone({ tenant, userId, anonymousId }: VisitorRef, reads: StateReads): Members | undefined {
  if (userId === undefined || anonymousId !== undefined) return undefined
  const entity = entities.user(tenant, userId)
  const state = reads.of(entity)
  return activeLinks(state).length === 0 ? [{ entity, state }] : undefined
}

async function followLinks(visitors: readonly VisitorRef[], reads: StateReads): Promise<readonly Members[]> {
  const users = visitors.map((visitor) => userOf(visitor, reads))
  await reads.read(users.filter((user) => user !== undefined))
  await reads.read(users.flatMap((user) => (user === undefined ? [] : candidates(user, reads.of(user)))))
  return visitors.map((visitor, index) => assemble(visitor, users[index], reads))
}

function namedEntities({ tenant, userId, anonymousId }: VisitorRef): EntityRef[] {
  const refs: EntityRef[] = []
  if (userId !== undefined) refs.push(entities.user(tenant, userId))
  if (anonymousId !== undefined) refs.push(entities.anonymous(tenant, anonymousId))
  return refs
}

function userOf({ tenant, userId, anonymousId }: VisitorRef, reads: StateReads): EntityRef | undefined {
  if (userId !== undefined) return entities.user(tenant, userId)
  const owner = anonymousId === undefined ? undefined : ownerOf(reads.of(entities.anonymous(tenant, anonymousId)))
  return owner === undefined ? undefined : entities.user(tenant, owner)
}

const candidates = (user: EntityRef, state: EntityState): EntityRef[] =>
  activeLinks(state)
    .slice(0, limits.members)
    .map((id) => entities.anonymous(user.tenant, id))

function assemble(visitor: VisitorRef, user: EntityRef | undefined, reads: StateReads): Members {
  const named = visitor.anonymousId === undefined ? undefined : entities.anonymous(visitor.tenant, visitor.anonymousId)
  const withState = (entity: EntityRef): MemberState => ({ entity, state: reads.of(entity) })
  if (user === undefined) return named === undefined ? [] : [withState(named)]
  const linked = candidates(user, reads.of(user)).filter((entity) => ownerOf(reads.of(entity)) === user.id)
  if (named !== undefined && !linked.some((entity) => entity.id === named.id)) {
    // Beyond the limit of members, so it stands alone.
    if (visitor.userId === undefined) return [withState(named)]
    const owner = ownerOf(reads.of(named))
    if (owner === undefined || owner === user.id) linked.splice(limits.members - 1, 1, named)
  }
  return [user, ...linked].map(withState)
}
