import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { isGzip } from '@rapport/service-kit'
import { invalid, tooLarge } from '../errors.ts'

const inflate = promisify(gunzip)

/**
 * Reads a body as JSON whatever its headers say: gzip is known by its first bytes.
 * @throws HttpError 400 (no JSON), 413 (inflates to more than `limitBytes`).
 */
export function parseBody(body: Buffer, limitBytes: number): unknown {
  if (body.length === 0) throw invalid('The body is empty; it must be JSON.')
  return isGzip(body) ? inflateBody(body, limitBytes).then(parseJson) : parseJson(body)
}

async function inflateBody(body: Buffer, maxOutputLength: number): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(`The body inflates to more than ${maxOutputLength} bytes.`)
    throw invalid(`The body begins like gzip and is not: ${error instanceof Error ? error.message : 'unreadable'}.`)
  }
}

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw invalid('The body is not UTF-8.')
  const text = body.toString('utf8')
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`The body is not JSON: ${error.message}.`)
    throw error
  }
}
