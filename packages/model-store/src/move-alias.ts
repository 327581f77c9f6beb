import { type ModelAlias, ModelAliasSchema } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import {
  changeJsonRecord,
  type JsonRecord,
  type ObjectStore,
  readJsonRecord,
  RecordContendedError,
} from '@rapport/object-store'
import { Value } from 'typebox/value'
import { AliasConflictError, ModelStoreError } from './errors.ts'
import { type AliasRef, aliasKey, checkModelRef } from './model-keys.ts'

const longestHistory = 50

export async function readAlias(store: ObjectStore, ref: AliasRef): Promise<ModelAlias | undefined> {
  return (await readJsonRecord(store, recordOf(ref)))?.record
}

/** What an alias shall name, given what it names now. */
export interface AliasTarget {
  readonly version: string
  readonly history: readonly string[]
  readonly share?: number | undefined
}

export const promoteTo =
  (version: string, share?: number) =>
  (current: ModelAlias | undefined): AliasTarget => {
    const before = current?.history ?? []
    const isOther = current !== undefined && current.version !== version
    return { version, share, history: isOther ? [...before, current.version].slice(-longestHistory) : before }
  }

/** The version named before, or an explicit older one; what was named after it is forgotten. */
export const rollBackTo =
  (version: string | undefined) =>
  (current: ModelAlias | undefined): AliasTarget => {
    const history = (current?.history ?? []).filter((earlier) => earlier !== current?.version)
    const at = version === undefined ? history.length - 1 : history.lastIndexOf(version)
    const target = version ?? history[at]
    if (target === undefined || current === undefined) {
      throw new ModelStoreError('RPT_MODEL_NO_ROLLBACK', 'the alias has named no earlier version')
    }
    return { version: target, history: history.slice(0, Math.max(0, at)) }
  }

export interface AliasMove {
  readonly choose: (current: ModelAlias | undefined) => AliasTarget
  /** The revision that must stand now; 0 for "no alias yet". */
  readonly ifRevision?: number
  readonly clock: Clock
}

/**
 * Replaces an alias by compare-and-set; the revision grows by one. An alias that names the version with the same share already
 * stays as it is.
 * @throws AliasConflictError when `ifRevision` does not stand, or others changed the alias again and again meanwhile
 */
export async function moveAlias(
  store: Pick<ObjectStore, 'get' | 'put'>,
  ref: AliasRef,
  move: AliasMove,
): Promise<{ readonly alias: ModelAlias; readonly isChanged: boolean }> {
  const moved = (standing: ModelAlias | undefined): ModelAlias => {
    const revision = standing?.revision ?? 0
    if (move.ifRevision !== undefined && move.ifRevision !== revision) {
      throw new AliasConflictError(`${aliasKey(ref)} is at revision ${revision}, not ${move.ifRevision}`)
    }
    const { version, history, share } = move.choose(standing)
    if (standing?.version === version && standing.share === share) return standing
    return {
      version,
      revision: revision + 1,
      changedAt: new Date(move.clock.now()).toISOString(),
      history: [...history],
      ...(share !== undefined && { share }),
    }
  }
  try {
    const { record: alias, isWritten: isChanged } = await changeJsonRecord(store, recordOf(ref), moved)
    return { alias, isChanged }
  } catch (error) {
    if (error instanceof RecordContendedError) throw new AliasConflictError(error.message, { cause: error })
    throw error
  }
}

/** @throws ModelStoreError where the reference cannot be one */
function recordOf(ref: AliasRef): JsonRecord<ModelAlias> {
  checkModelRef(ref)
  const key = aliasKey(ref)
  const read = (content: unknown): ModelAlias => {
    if (Value.Check(ModelAliasSchema, content)) return content
    throw new ModelStoreError('RPT_MODEL_ALIAS_INVALID', `${key} is not a valid alias`)
  }
  return { key, read }
}
