import { Invalid } from './invalid.ts'
import type { JsonObject } from './json-values.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The CloudEvent of an HTTP request in binary mode: attributes in `ce-` headers (percent-encoded UTF-8), data in the body.
 * `data` is the parsed body, undefined when it is empty.
 */
export function fromBinaryMode(headers: Headers, data: unknown): JsonObject | Invalid {
  const event: JsonObject = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || typeof value !== 'string') continue
    const text = decodeHeader(value)
    if (text === undefined) return new Invalid(name, 'is not percent-encoded UTF-8')
    event[name.slice('ce-'.length)] = text
  }
  delete event['data']
  delete event['data_base64']
  if (data !== undefined) event['data'] = data
  return event
}

/** The HTTP binding: quotes are stripped, then `%XX` sequences are UTF-8 bytes. */
function decodeHeader(value: string): string | undefined {
  const quoted = /^"(.*)"$/s.exec(value)
  const text = quoted === null ? value : (quoted[1] ?? '').replaceAll(/\\(.)/gs, '$1')
  try {
    return decodeURIComponent(text.replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
