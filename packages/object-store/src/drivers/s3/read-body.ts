import { Readable } from 'node:stream'

export interface BodyOptions {
  /** What the head of the answer has promised. */
  readonly bytes: number
  readonly idleTimeoutMs: number
  readonly toError: (error: unknown) => Error
}

/**
 * The bytes of an answer's body, once. Fails when the connection brings nothing for `idleTimeoutMs`, and when it ends
 * early; the SDK's stream fails on a wrong checksum. Breaking off closes the connection, and so does never reading.
 */
export function readBody(body: unknown, { bytes, idleTimeoutMs, toError }: BodyOptions): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) throw new Error('the answer has no body')
  // Without a listener, a connection that breaks before anybody reads would end the process.
  body.on('error', () => undefined)
  const unread = setTimeout(() => body.destroy(new Error(`nobody read it for ${idleTimeoutMs} ms`)), idleTimeoutMs)
  unread.unref()
  body.once('close', () => clearTimeout(unread))

  async function* read(): AsyncGenerator<Uint8Array> {
    clearTimeout(unread)
    const source = body as Readable
    const fail = (): unknown => source.destroy(new Error(`no byte came for ${idleTimeoutMs} ms`))
    let received = 0
    let idle = setTimeout(fail, idleTimeoutMs)
    try {
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        clearTimeout(idle)
        received += chunk.byteLength
        yield chunk
        // The reader has taken its time; only the store's counts.
        idle = setTimeout(fail, idleTimeoutMs)
      }
      if (received !== bytes) throw new Error(`${received} bytes came of ${bytes}`)
    } catch (error) {
      throw toError(error)
    } finally {
      clearTimeout(idle)
      source.destroy()
    }
  }
  return { [Symbol.asyncIterator]: read }
}

/** A whole body in memory. */
export async function collect(body: AsyncIterable<Uint8Array>, bytes: number): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for await (const chunk of body) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
