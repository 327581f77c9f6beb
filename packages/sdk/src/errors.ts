import type { ErrorBody } from '@rapport/contracts'

type Details = NonNullable<ErrorBody['error']['details']>

/** The platform answered with a status of 400 or more. */
export class RapportApiError extends Error {
  override readonly name = 'RapportApiError'
  readonly status: number
  /** Stable, `RPT_<AREA>_<WHAT>`. */
  readonly code: string
  /** Names the request in the platform's logs. */
  readonly requestId: string | undefined
  /** What is wrong, field by field. */
  readonly details: Details

  constructor(status: number, body: ErrorBody['error'] | undefined) {
    super(body?.message ?? `HTTP ${status}`)
    this.status = status
    this.code = body?.code ?? 'RPT_HTTP_STATUS'
    this.requestId = body?.requestId
    this.details = body?.details ?? []
  }
}

/** No answer came, after all retries: the call may or may not have taken effect. */
export class RapportConnectionError extends Error {
  override readonly name = 'RapportConnectionError'
}

/** What an answer holds; undefined for a 404. */
export async function undefinedIfAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RapportApiError && error.status === 404) return undefined
    throw error
  }
}
