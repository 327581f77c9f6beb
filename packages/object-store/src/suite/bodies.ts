import { createHash } from 'node:crypto'
import type { ObjectStore } from '../object-store.ts'

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const asText = (value: Uint8Array | undefined): string => new TextDecoder().decode(value)
export const sha256 = (value: Uint8Array): string => createHash('sha256').update(value).digest('hex')

/** Bytes that differ everywhere, so that swapped or missing parts are seen. */
export function numberedBytes(length: number): Uint8Array {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at)
  return bytes
}

export async function* inChunks(body: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += chunkBytes) yield body.subarray(at, at + chunkBytes)
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(body))
}

export const keysOf = async (store: ObjectStore, prefix: string, after?: string): Promise<string[]> => {
  const found = await Array.fromAsync(store.list(prefix, after === undefined ? {} : { after }))
  return found.map((object) => object.key)
}

export async function etagOf(store: ObjectStore, key: string): Promise<string> {
  const object = await store.head(key)
  if (object === undefined) throw new Error(`${key} is not there`)
  return object.etag
}

/** Adds `times` to the number at `key` by compare-and-set. */
export async function increment(store: ObjectStore, key: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const current = await store.get(key)
    if (current === undefined) throw new Error(`${key} is not there`)
    const next = text(String(Number(asText(current.body)) + 1))
    if ((await store.put(key, next, { ifMatch: current.object.etag })).stored) done += 1
  }
}
