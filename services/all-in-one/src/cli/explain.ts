import { RapportError } from '@rapport/core'
import { RapportApiError, RapportConnectionError } from '@rapport/sdk'

/** An error in the words of the command line: what happened, where, and what to do. */
export function explain(error: unknown): string {
  if (error instanceof RapportApiError) return explainApiError(error)
  if (error instanceof RapportConnectionError) {
    return `rapport: ${error.message} (${rootCause(error)}). Is Rapport running there? RAPPORT_URL names another place.`
  }
  if (error instanceof RapportError) return `rapport: ${error.message}`
  return `rapport: ${error instanceof Error ? error.message : String(error)}`
}

function explainApiError({ status, code, message, requestId, details }: RapportApiError): string {
  const lines = details.map(({ field, reason }) => `  ${field}: ${reason}`)
  const request = requestId === undefined ? '' : `, request ${requestId}`
  return [`rapport: ${message} (HTTP ${status} ${code}${request})`, ...lines].join('\n')
}

function rootCause(error: Error): string {
  const { cause } = error
  return cause instanceof Error ? rootCause(cause) : error.message
}
