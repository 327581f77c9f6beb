import type { ErrorDetail } from './http-error.ts'

export interface ErrorAnswer {
  readonly code: string
  readonly message: string
  readonly details?: readonly ErrorDetail[] | undefined
}

export const jsonContentType = 'application/json; charset=utf-8'

/** The one error format, as text. */
export function renderError({ code, message, details }: ErrorAnswer, requestId: string): string {
  return JSON.stringify({ error: { code, message, requestId, ...(details === undefined ? {} : { details }) } })
}
