import { RapportError } from '@rapport/core'

/** A name that cannot be one, or a model version that is there already. */
export class ModelStoreError extends RapportError {
  override readonly name: string = 'ModelStoreError'
}

/** An alias stands at another revision than the caller had seen, or others changed it again and again. */
export class AliasConflictError extends ModelStoreError {
  override readonly name = 'AliasConflictError'

  constructor(message: string, options: ErrorOptions = {}) {
    super('RPT_MODEL_ALIAS_CONFLICT', message, options)
  }
}

export type RefusalReason =
  | 'manifest missing'
  | 'manifest invalid'
  | 'wrong tenant'
  | 'task'
  | 'file missing'
  | 'file size'
  | 'file checksum'
  | 'decode'
  | 'self-check'
  | 'warm-up'
  | 'memory budget'

/** A model version that must not serve, with the reason. */
export class ModelRefusedError extends ModelStoreError {
  override readonly name = 'ModelRefusedError'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, message: string, options: ErrorOptions = {}) {
    super('RPT_MODEL_REFUSED', message, options)
    this.reason = reason
  }
}
