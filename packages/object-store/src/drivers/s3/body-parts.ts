/** Buffers that are filled again when their part has been sent: new ones would pile up until they are collected. */
export class PartBuffers {
  readonly #bytes: number
  readonly #own = new WeakSet<ArrayBufferLike>()
  readonly #free: Buffer[] = []

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  take(): Buffer {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const made = Buffer.allocUnsafeSlow(this.#bytes)
    this.#own.add(made.buffer)
    return made
  }

  /** For a part that nobody sends any more. Memory of the caller's own is left alone. */
  give(part: Uint8Array): void {
    if (this.#own.has(part.buffer)) this.#free.push(Buffer.from(part.buffer))
  }
}

/**
 * Cuts a body into parts of exactly `partBytes`, the last one excepted. Nothing is copied of a body that is in memory; an
 * empty body has no part. Leaving early ends the body's own iteration.
 */
export async function* toParts(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
  buffers: PartBuffers,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.byteLength; at += partBytes) yield body.subarray(at, at + partBytes)
    return
  }
  let part: Buffer | undefined
  let filled = 0
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.byteLength;) {
      part ??= buffers.take()
      const piece = chunk.subarray(taken, taken + partBytes - filled)
      part.set(piece, filled)
      filled += piece.byteLength
      taken += piece.byteLength
      if (filled < partBytes) continue
      yield part
      part = undefined
      filled = 0
    }
  }
  if (part !== undefined) yield part.subarray(0, filled)
}

/** A body as one piece when it fits into a part, otherwise as parts that are made while they are taken. */
export async function cutBody(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
): Promise<
  { readonly whole: Uint8Array } | { readonly parts: AsyncGenerator<Uint8Array>; readonly buffers: PartBuffers }
> {
  const buffers = new PartBuffers(partBytes)
  const source = toParts(body, partBytes, buffers)
  const first = await source.next()
  if (first.done === true) return { whole: new Uint8Array() }
  const second = await source.next()
  if (second.done === true) return { whole: first.value }
  return { parts: startingWith([first.value, second.value], source), buffers }
}

async function* startingWith<T>(taken: T[], rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    // What has been handed out is not kept here.
    for (let next = taken.shift(); next !== undefined; next = taken.shift()) yield next
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
