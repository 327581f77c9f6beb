import { ClosedError, PublishError } from '@rapport/messaging'
import { HttpError, unavailable, type ErrorDetail } from '@rapport/service-kit'

/** 400: nothing of the call was kept. */
export const invalid = (message: string, details?: readonly ErrorDetail[]): HttpError =>
  new HttpError(400, 'RPT_INGESTION_INVALID', message, details)

/** 413: sending the same again is of no use. */
export const tooLarge = (message: string): HttpError => new HttpError(413, 'RPT_INGESTION_TOO_LARGE', message)

/** 412: another version stands than the one that the call was made for. */
export const preconditionFailed = (message: string): HttpError =>
  new HttpError(412, 'RPT_INGESTION_PRECONDITION_FAILED', message)

/** 409: others changed the item again and again while the call was tried. */
export const conflict = (message: string): HttpError =>
  new HttpError(409, 'RPT_INGESTION_CONFLICT', message, { canRetry: true })

/** 503: what the call waits for was not there in time; whether it has changed anything is not known. */
export const notInTime = (problem: string): HttpError => unavailable(`${problem}; send the same call again.`)

/** The answer to a publish that failed: 503 when a later try may work; anything else is a defect and stays as it is. */
export function toAnswer(error: unknown): unknown {
  const isClosed = error instanceof ClosedError || (error instanceof PublishError && error.reason === 'closed')
  const isUnknown = error instanceof PublishError && error.outcome === 'unknown'
  if (!isClosed && !isUnknown) return error
  return unavailable('It could not be confirmed in time that everything is on disk; send the same call again.', {
    cause: error,
  })
}
