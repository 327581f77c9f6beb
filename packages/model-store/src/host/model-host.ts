import { type Alias, ModelAliasChangeSchema, topics } from '@rapport/contracts'
import { type Clock, type Log, systemClock } from '@rapport/core'
import type { EventLog, LogRecord } from '@rapport/messaging'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { RefusalReason } from '../errors.ts'
import { checkModelRef, type ModelRef, type VersionRef } from '../model-keys.ts'
import type { ModelStore } from '../model-store.ts'
import type { HostContext } from './load-into-memory.ts'
import type { ModelLease } from './loaded-model.ts'
import { type Evictable, MemoryBudget } from './memory-budget.ts'
import type { ModelLoader } from './model-loader.ts'
import { type ModelAbsence, ModelSlot } from './model-slot.ts'
import { PinnedVersions } from './pinned-versions.ts'
import { Refusals } from './refusals.ts'

export interface ModelHostOptions<T> {
  readonly store: ModelStore
  readonly loader: ModelLoader<T>
  readonly log: Log
  /** Bytes of all models in memory together, the old and the new one of a swap both counted, and what they share once. */
  readonly budgetBytes: number
  /**
   * A host of the same process. What models of both share counts there and not here as well, as long as models hold it there.
   * From then on it counts here: where it is too much, the next poll gives models up.
   */
  readonly beside?: Pick<ModelHost<T>, 'countsShared'>
  /** Default `champion`. */
  readonly alias?: Alias
  /** Alias changes come by broadcast when given. */
  readonly eventLog?: EventLog
  /** How often the aliases of the models in use are read, whatever the broadcast says. Default 30 s. */
  readonly pollMs?: number
  /**
   * Between two looks at an alias on behalf of requests while nothing serves: a first version is found this soon, also when
   * the process that should tell of it has died. Default 1 s.
   */
  readonly pauseBetweenLooksMs?: number
  /** How long an eviction waits for leases. Default 5 s. */
  readonly drainMs?: number
  readonly clock?: Clock
}

export interface ModelHostStats {
  /** Of all, with what they share unless it counts in the host beside this one; `bytes` of a model are without. */
  readonly usedBytes: number
  readonly budgetBytes: number
  readonly loads: number
  readonly swaps: number
  readonly evictions: number
  /** Looks at an alias or a version that the object store did not let through; each is tried again. */
  readonly readFailures: number
  readonly refusals: ReadonlyMap<RefusalReason, number>
  readonly models: readonly (ModelRef & { version: string; revision: number; bytes: number; leases: number })[]
}

/** The serving side of the model store: champions in memory, swapped without a failed request (DESIGN.md §5). */
export interface ModelHost<T> extends AsyncDisposable {
  /** A lease on the model that serves; loads it on first use. Undefined when the alias names nothing that can serve. */
  acquire(tenant: string, name: string): Promise<ModelLease<T> | undefined>
  /** As `acquire` without waiting: undefined while the model is not in memory, and begins to load it. */
  tryAcquire(tenant: string, name: string): ModelLease<T> | undefined
  /** Why the last `acquire` gave nothing; undefined while something serves. */
  absence(tenant: string, name: string): ModelAbsence | undefined
  /**
   * A lease on a version that the caller names, whatever the aliases say; loads it on first use, beside the champions and
   * within the same memory. Its lease has the revision 0 unless the version serves anyway.
   * @throws ModelRefusedError: there is no such version, it must not serve, or memory is missing; ModelStoreError `RPT_MODEL_NAME`.
   */
  acquireVersion(ref: VersionRef): Promise<ModelLease<T>>
  /** The version that `tryAcquire` would give now; counts as a use of it. Undefined while none is in memory, and begins nothing. */
  servingVersion(tenant: string, name: string): string | undefined
  /** Follows alias changes, by broadcast and by polling. Resolves when the changes that stand are known. */
  start(): Promise<void>
  /** Whether memory that models share, by its key, counts in this host or in the one beside it. */
  countsShared(key: string): boolean
  /** Reads the aliases of all models in use now. */
  poll(): Promise<void>
  stats(): ModelHostStats
}

/**
 * Never rejects a request because of a bad version: it is refused, and the version before goes on serving; a process that has
 * just begun takes the newest version before it that can serve.
 */
export function createModelHost<T>(options: ModelHostOptions<T>): ModelHost<T> {
  return new SlotHost(options)
}

/** What the host needs to know of a change; the alias itself is read from the store. */
const AliasNameSchema = Type.Pick(ModelAliasChangeSchema, ['tenant', 'name', 'alias'])

class SlotHost<T> implements ModelHost<T> {
  readonly #options: ModelHostOptions<T>
  readonly #budget: MemoryBudget
  readonly #refusals: Refusals
  readonly #context: HostContext<T>
  readonly #slots = new Map<string, ModelSlot<T>>()
  readonly #pinned: PinnedVersions<T>
  readonly #stack = new AsyncDisposableStack()
  #uses = 0

  constructor(options: ModelHostOptions<T>) {
    const { store, loader, log, alias = 'champion', clock = systemClock, pauseBetweenLooksMs = 1000 } = options
    this.#options = options
    this.#budget = new MemoryBudget({
      totalBytes: options.budgetBytes,
      drainMs: options.drainMs ?? 5000,
      countsElsewhere: (key) => options.beside?.countsShared(key) ?? false,
    })
    this.#refusals = new Refusals(log)
    this.#context = {
      store,
      loader,
      log,
      alias,
      clock,
      pauseBetweenLooksMs,
      budget: this.#budget,
      refusals: this.#refusals,
      counts: { loads: 0, swaps: 0, evictions: 0, readFailures: 0 },
      reserve: (wanted, spared) => this.#budget.reserve(wanted, () => this.#evictable(spared)),
      adopt: (ref) => this.#pinned.adopt(ref),
      nextUse: () => (this.#uses += 1),
    }
    this.#pinned = new PinnedVersions(this.#context)
  }

  async acquire(tenant: string, name: string): Promise<ModelLease<T> | undefined> {
    const slot = this.#slot(tenant, name)
    if (slot.needsLook) await slot.refresh()
    return slot.lease()
  }

  tryAcquire(tenant: string, name: string): ModelLease<T> | undefined {
    const slot = this.#slot(tenant, name)
    if (slot.needsLook) void slot.refresh()
    return slot.lease()
  }

  absence(tenant: string, name: string): ModelAbsence | undefined {
    return this.#slots.get(`${tenant}/${name}`)?.absence
  }

  async acquireVersion(ref: VersionRef): Promise<ModelLease<T>> {
    const slot = this.#slots.get(`${ref.tenant}/${ref.name}`)
    const serves = slot?.serving?.manifest.version === ref.version ? slot.lease() : undefined
    return serves ?? this.#pinned.acquire(ref)
  }

  servingVersion(tenant: string, name: string): string | undefined {
    return this.#slots.get(`${tenant}/${name}`)?.use()?.manifest.version
  }

  async start(): Promise<void> {
    const { eventLog, pollMs = 30_000 } = this.#options
    const timer = setInterval(() => void this.poll(), pollMs)
    this.#stack.defer(() => clearInterval(timer))
    if (eventLog === undefined) return
    const follower = await eventLog.follow(topics.models.name, (records) => this.#onAliasChanges(records))
    this.#stack.use(follower)
    await follower.caughtUp
  }

  countsShared(key: string): boolean {
    return this.#budget.counts(key)
  }

  async poll(): Promise<void> {
    await this.#budget.trim(() => this.#evictable())
    // Names that callers make up must not stay.
    for (const [key, slot] of this.#slots) if (slot.isForgettable()) this.#slots.delete(key)
    const slots = [...this.#slots.values()].filter((slot) => slot.isWatched)
    await Promise.all(slots.map((slot) => slot.refresh()))
  }

  stats(): ModelHostStats {
    const serving = [...this.#slots.values()].flatMap((slot) => slot.serving ?? [])
    const models = [...serving, ...this.#pinned.all].map(({ revision, footprint: { bytes }, leases, manifest }) => {
      const { tenant, name, version } = manifest
      return { tenant, name, version, revision, bytes, leases }
    })
    const { usedBytes, totalBytes } = this.#budget
    return { ...this.#context.counts, usedBytes, budgetBytes: totalBytes, refusals: this.#refusals.counts, models }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    await Promise.all([this.#pinned.close(), ...[...this.#slots.values()].map((slot) => slot.close())])
  }

  #slot(tenant: string, name: string): ModelSlot<T> {
    const key = `${tenant}/${name}`
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    checkModelRef({ tenant, name })
    const slot = new ModelSlot({ tenant, name }, this.#context)
    this.#slots.set(key, slot)
    return slot
  }

  #evictable(spared?: object): readonly Evictable[] {
    const slots = [...this.#slots.values()].flatMap((slot) => {
      const { serving } = slot
      if (serving === undefined || slot === spared) return []
      return [{ footprint: serving.footprint, lastUsed: serving.lastUsed, evict: () => slot.evict() }]
    })
    return [...slots, ...this.#pinned.evictable()]
  }

  /** Only models in use are looked at; others are read when they are first asked for. */
  async #onAliasChanges(records: readonly LogRecord[]): Promise<void> {
    const changed = new Set<ModelSlot<T>>()
    for (const { key, value } of records) {
      const change = value === null ? aliasOfKey(key) : parse(value)
      if (!Value.Check(AliasNameSchema, change)) {
        this.#options.log.warn({ topic: topics.models.name, key }, 'not an alias change')
        continue
      }
      if (value === null) this.#pinned.forget(change)
      const slot = this.#slots.get(`${change.tenant}/${change.name}`)
      if (slot?.isWatched === true && change.alias === this.#context.alias) changed.add(slot)
    }
    await Promise.all([...changed].map((slot) => slot.refreshAfterChange()))
  }
}

/** A tombstone has nothing but its key `<tenant>/<name>/<alias>`: the alias is gone. */
function aliasOfKey(key: string): unknown {
  const [tenant, name, alias] = key.split('/')
  return { tenant, name, alias }
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value))
  } catch {
    // What is no JSON fails the schema, which is reported.
    return undefined
  }
}
