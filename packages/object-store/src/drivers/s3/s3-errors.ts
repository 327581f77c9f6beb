import { ObjectStoreError } from '../../errors.ts'

/** What the SDK tells of a failure; every field may be missing. */
interface S3Failure {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly errors?: readonly unknown[]
}

const toFailure = (error: unknown): S3Failure => (typeof error === 'object' && error !== null ? error : {})

export const statusOf = (error: unknown): number | undefined => toFailure(error).$metadata?.httpStatusCode

/** Code of the S3 API, as `NoSuchKey`, or name of the error. */
export const nameOf = (error: unknown): string => toFailure(error).name ?? 'Error'

/** Answers that say: not done, come again. */
const refusedForNow = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequests',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'ConditionalRequestConflict',
  'OperationAborted',
  // The body was damaged on its way.
  'BadDigest',
  'InvalidDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
])
/** The request has never reached the store. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

export interface Verdict {
  readonly canRetry: boolean
  /** False when the request may have been carried out all the same: its answer was lost, or is a 5xx. */
  readonly isRefusal: boolean
}

export function judge(error: unknown): Verdict {
  const status = statusOf(error)
  // 409: others write at the same place. Only AWS has one name for it.
  const isForNow = status === 429 || status === 408 || status === 409
  if (refusedForNow.has(nameOf(error)) || isForNow) return { canRetry: true, isRefusal: true }
  // The store does not know such a request.
  if (status === 501) return { canRetry: false, isRefusal: true }
  // Also an answer of 2xx that broke off or could not be read.
  if (status !== undefined) return { canRetry: status >= 500 || status < 300, isRefusal: status >= 300 && status < 500 }
  return { canRetry: true, isRefusal: neverSent.has(String(toFailure(error).code)) }
}

/** A key that is not there; a bucket that is not there is another matter. */
export const isNoSuchKey = (error: unknown): boolean =>
  statusOf(error) === 404 && ['NoSuchKey', 'NotFound'].includes(nameOf(error))

/** The condition of a put does not hold. */
export const isConditionFailure = (error: unknown): boolean => statusOf(error) === 412 || isNoSuchKey(error)

/** Sum of an error without what the SDK hangs on it: requests with their headers, the string that was signed. */
export function describeFailure(error: unknown): string {
  const { name = 'Error', message = '', code, $metadata, errors } = toFailure(error)
  // Several addresses refused: the message is empty, and each has its own.
  const text = message === '' && errors?.[0] !== undefined ? describeFailure(errors[0]) : message
  const status = $metadata?.httpStatusCode === undefined ? '' : ` (HTTP ${$metadata.httpStatusCode})`
  const prefix = name === 'Error' || name === 'AggregateError' ? '' : `${name}${status}: `
  const suffix = typeof code === 'string' && !text.includes(code) ? ` [${code}]` : ''
  return `${prefix}${text}${suffix}`
}

export type Redact = (text: string) => string

/** Takes secrets out of a text. */
export function redactor(secrets: readonly (string | undefined)[]): Redact {
  const known = secrets.filter((secret): secret is string => secret !== undefined && secret !== '')
  return (text) => known.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text)
}

/** What is left of an error of the SDK as the cause of ours. */
export class S3CallError extends Error {
  override readonly name: string
  readonly status: number | undefined

  constructor(error: unknown, text: string, stack: string | undefined) {
    super(text)
    this.name = nameOf(error)
    this.status = statusOf(error)
    if (stack !== undefined) this.stack = stack
  }
}

/** The store could not do it; a write may have happened. */
export function unavailable(what: string, error: unknown, redact: Redact): ObjectStoreError {
  const text = redact(describeFailure(error))
  const stack = error instanceof Error && error.stack !== undefined ? redact(error.stack) : undefined
  const cause = new S3CallError(error, text, stack)
  return new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', `${what}: ${text}`, { cause })
}
