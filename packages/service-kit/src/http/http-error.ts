import { RapportError, type RapportErrorOptions } from '@rapport/core'

export interface ErrorDetail {
  readonly field: string
  readonly reason: string
  /** Position in a batch. */
  readonly index?: number
}

export interface HttpErrorOptions extends RapportErrorOptions {
  /** What is wrong, field by field. */
  readonly details?: readonly ErrorDetail[] | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/** An answer that the caller can act on: a 4xx, or a 503 with `Retry-After`. Throw it from a handler or a hook. */
export class HttpError extends RapportError {
  override readonly name = 'HttpError'
  readonly statusCode: number
  readonly details: readonly ErrorDetail[] | undefined
  readonly headers: Readonly<Record<string, string | readonly string[]>>

  /** The fourth argument may be the details alone. */
  constructor(status: number, code: string, message: string, more: HttpErrorOptions | readonly ErrorDetail[] = {}) {
    const options = isDetails(more) ? { details: more } : more
    super(code, message, options)
    this.statusCode = status
    this.details = options.details
    this.headers = options.headers ?? {}
  }
}

const isDetails = (more: HttpErrorOptions | readonly ErrorDetail[]): more is readonly ErrorDetail[] =>
  Array.isArray(more)

/** 404: there is no such thing, or it is another tenant's. */
export const notFound = (what: string): HttpError => new HttpError(404, 'RPT_HTTP_NOT_FOUND', `There is no ${what}.`)

/** 503: try the same call again after `retryAfterSeconds` (whole seconds). */
export const unavailable = (
  message: string,
  options: { retryAfterSeconds?: number; cause?: unknown } = {},
): HttpError =>
  new HttpError(503, 'RPT_HTTP_UNAVAILABLE', message, {
    headers: { 'Retry-After': String(options.retryAfterSeconds ?? 1) },
    canRetry: true,
    cause: options.cause,
  })
