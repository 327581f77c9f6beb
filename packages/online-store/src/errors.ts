import { RapportError } from '@rapport/core'

/** The store did not answer, or it cannot be said that a write is durable. The same call may be made again. */
export class StoreUnavailableError extends RapportError {
  override readonly name = 'StoreUnavailableError'

  constructor(message: string, options: ErrorOptions = {}) {
    super('RPT_ONLINE_STORE_UNAVAILABLE', message, { ...options, canRetry: true })
  }
}

/** The session in which the caller wanted to write has ended (see `OnlineStore.session`). */
export class StoreSessionError extends RapportError {
  override readonly name = 'StoreSessionError'

  constructor() {
    super('RPT_ONLINE_STORE_SESSION', 'the connection to the online store was lost since: what it took may be gone', {
      canRetry: true,
    })
  }
}

/** The caller handed in something the store does not take; nothing of the call has been applied. */
export class OnlineStoreInputError extends RapportError {
  override readonly name = 'OnlineStoreInputError'
  /** Path of what is wrong: `applications[0].entries[2].changes[1].amount`. */
  readonly field: string

  constructor(field: string, reason: string) {
    super('RPT_ONLINE_STORE_INPUT', `${field} ${reason}`)
    this.field = field
  }
}
