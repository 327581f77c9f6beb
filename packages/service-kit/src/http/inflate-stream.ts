import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** What a service throws for a body that it does not take. */
export interface BodyRefusals {
  readonly limitBytes: number
  /** Damaged gzip, or the sender went away. */
  readonly invalid: (message: string) => Error
  /** More than `limitBytes` after gunzip. */
  readonly tooLarge: (message: string) => Error
}

/**
 * A body's bytes while they arrive, gunzipped when they begin like gzip. Back-pressure reaches the sender. Whoever stops
 * reading early leaves the connection open, so that an answer can say why.
 * @throws what `refusals` makes.
 */
export async function* inflateStream(body: Readable, refusals: BodyRefusals): AsyncGenerator<Buffer> {
  const { limitBytes, tooLarge } = refusals
  let total = 0
  for await (const chunk of readChunks(body, refusals)) {
    total += chunk.byteLength
    if (total > limitBytes) throw tooLarge(`The body is larger than ${limitBytes} bytes.`)
    yield chunk
  }
}

async function* readChunks(body: Readable, { invalid }: BodyRefusals): AsyncGenerator<Buffer> {
  try {
    const chunks = withWholeMagic(body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
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
  } finally {
    // What nobody reads must still leave the connection: the server would wait for its end.
    body.resume()
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

async function* prepend(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
