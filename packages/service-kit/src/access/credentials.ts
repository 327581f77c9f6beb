import type { IncomingHttpHeaders } from 'node:http'

/** The header that carries a request's credential, as it came: the cache key of the access control. */
export function credentialHeader(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  if (authorization !== undefined) return authorization
  const key = headers['x-write-key'] ?? headers['x-api-key']
  return typeof key === 'string' ? key : undefined
}

/** The API key inside a credential header: `Bearer KEY`, `Basic base64(KEY:)`, or the bare key of `X-Write-Key` and `X-Api-Key`. */
export function apiKeyOf(header: string): string | undefined {
  const space = header.indexOf(' ')
  if (space === -1) return header === '' ? undefined : header
  const scheme = header.slice(0, space).toLowerCase()
  const value = header.slice(space + 1).trim()
  if (scheme === 'bearer') return value === '' ? undefined : value
  if (scheme !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  const user = colon === -1 ? pair : pair.slice(0, colon)
  return user === '' ? undefined : user
}
