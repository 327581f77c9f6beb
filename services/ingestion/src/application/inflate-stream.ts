import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { invalid, tooLarge } from '../errors.ts'
import { isGzip } from './inflate-body.ts'

/**
 * A body's bytes while they arrive, gunzipped when they begin like gzip. Back-pressure reaches the sender.
 * @throws HttpError 400 (damaged gzip, the sender went away), 413 (more than `limitBytes` after gunzip).
 */
export async function* inflateStream(body: Readable, limitBytes: number): AsyncGenerator<Buffer> {
  let total = 0
  for await (const chunk of readChunks(body)) {
    total += chunk.byteLength
    if (total > limitBytes) throw tooLarge(`The body is larger than ${limitBytes} bytes.`)
    yield chunk
  }
}

async function* readChunks(body: Readable): AsyncGenerator<Buffer> {
  try {
    const chunks = withWholeMagic(body)
    const first = await chunks.next()
    if (first.done === true) return
    const all = prepend(first.value, chunks)
    if (!isGzip(first.value)) yield* all
    else yield* gunzipped(all)
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') throw invalid('The body ended before its end.')
    if (typeof code === 'string' && code.startsWith('Z_')) throw invalid(`The gzip body is damaged: ${code}.`)
    throw error
  }
}

async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(chunks)
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Buffer
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

/** The first chunk has at least two bytes when the body has. */
async function* withWholeMagic(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined
  for await (const chunk of body) {
    const joined: Buffer = held === undefined ? chunk : Buffer.concat([held, chunk])
    held = joined.length < 2 ? joined : undefined
    if (held === undefined) yield joined
  }
  if (held !== undefined && held.length > 0) yield held
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
