import { type Alias, ModelAliasChangeSchema, topics } from '@rapport/contracts'
import { type Clock, type Log, systemClock } from '@rapport/core'
import type { EventLog, LogRecord } from '@rapport/messaging'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { RefusalReason } from '../errors.ts'
import { checkModelRef, type ModelRef } from '../model-keys.ts'
import type { ModelStore } from '../model-store.ts'
import type { ModelLease } from './loaded-model.ts'
import { MemoryBudget } from './memory-budget.ts'
import type { ModelLoader } from './model-loader.ts'
import { ModelSlot, type SlotContext } from './model-slot.ts'
import { Refusals } from './refusals.ts'

export interface ModelHostOptions<T> {
  readonly store: ModelStore
  readonly loader: ModelLoader<T>
  readonly log: Log
  /** Bytes of all models in memory together, the old and the new one of a swap both counted. */
  readonly budgetBytes: number
  /** Default `champion`. */
  readonly alias?: Alias
  /** Alias changes come by broadcast when given. */
  readonly eventLog?: EventLog
  /** How often the aliases of the models in use are read, whatever the broadcast says. Default 30 s. */
  readonly pollMs?: number
  /** How long an eviction waits for leases. Default 5 s. */
  readonly drainMs?: number
  readonly clock?: Clock
}

export interface ModelHostStats {
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
  /** The version that `tryAcquire` would give now; counts as a use of it. Undefined while none is in memory, and begins nothing. */
  servingVersion(tenant: string, name: string): string | undefined
  /** Follows alias changes, by broadcast and by polling. Resolves when the changes that stand are known. */
  start(): Promise<void>
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
  readonly #context: SlotContext<T>
  readonly #slots = new Map<string, ModelSlot<T>>()
  readonly #stack = new AsyncDisposableStack()
  #uses = 0

  constructor(options: ModelHostOptions<T>) {
    const { store, loader, log, alias = 'champion', clock = systemClock } = options
    this.#options = options
    this.#budget = new MemoryBudget(options.budgetBytes, options.drainMs ?? 5000)
    this.#refusals = new Refusals(log)
    this.#context = {
      store,
      loader,
      log,
      alias,
      clock,
      budget: this.#budget,
      refusals: this.#refusals,
      counts: { loads: 0, swaps: 0, evictions: 0, readFailures: 0 },
      reserve: (bytes, slot) => this.#budget.reserve(bytes, () => this.#evictable(slot)),
      nextUse: () => (this.#uses += 1),
    }
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

  async poll(): Promise<void> {
    const slots = [...this.#slots.values()].filter((slot) => slot.isWatched)
    await Promise.all(slots.map((slot) => slot.refresh()))
  }

  stats(): ModelHostStats {
    const models = [...this.#slots.values()].flatMap(({ ref, serving }) => {
      if (serving === undefined) return []
      const { revision, bytes, leases, manifest } = serving
      return [{ tenant: ref.tenant, name: ref.name, version: manifest.version, revision, bytes, leases }]
    })
    const { usedBytes, totalBytes } = this.#budget
    return { ...this.#context.counts, usedBytes, budgetBytes: totalBytes, refusals: this.#refusals.counts, models }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()))
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

  #evictable(asking: ModelSlot<T>) {
    return [...this.#slots.values()].flatMap((slot) => {
      const { serving } = slot
      if (serving === undefined || slot === asking) return []
      return [{ bytes: serving.bytes, lastUsed: serving.lastUsed, evict: () => slot.evict() }]
    })
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
