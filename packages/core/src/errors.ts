export interface RapportErrorOptions extends ErrorOptions {
  /** True when the same call may succeed later without a change by the caller. */
  readonly canRetry?: boolean
}

/** Base of every error that leaves a package: a stable code, and whether trying again makes sense. */
export class RapportError extends Error {
  override readonly name: string = 'RapportError'
  /** `RPT_<AREA>_<WHAT>`. */
  readonly code: string
  readonly canRetry: boolean

  constructor(code: string, message: string, options: RapportErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.canRetry = options.canRetry ?? false
  }
}
