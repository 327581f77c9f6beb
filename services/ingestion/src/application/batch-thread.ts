import type { RejectedEvent } from '@rapport/contracts'
import { HttpError, type ErrorDetail } from '@rapport/service-kit'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { toInstant } from '../domain/parse-time.ts'
import { readSegmentBatch } from '../domain/read-batch.ts'
import { readBatchCall, readCallBody } from './read-call-body.ts'

/** A body of `/v1/batch` or `/v1/import`, and what the thread that took it knows of the call. */
export interface BatchToRead {
  readonly bytes: Uint8Array
  readonly tenant: string
  readonly source: string
  readonly receivedMs: number
  readonly correctsTime: boolean
}

/** As one block of bytes, which changes threads without being copied; an event's value ends where `ends` says. */
export type ReadOnThread =
  | {
      readonly events: number
      readonly keys: readonly string[]
      readonly values: Uint8Array<ArrayBuffer>
      readonly ends: readonly number[]
      readonly rejected: readonly RejectedEvent[]
    }
  | {
      readonly refusal: {
        readonly status: number
        readonly code: string
        readonly message: string
        readonly details: readonly ErrorDetail[] | undefined
      }
    }

/** What a thread of `createBatchThreads` does with each body. An error of a class of ours does not survive the way back. */
export async function readOnThread({ bytes, receivedMs, ...call }: BatchToRead): Promise<ReadOnThread> {
  try {
    const body = await readCallBody(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const { batch, ...common } = readBatchCall(body)
    const reading = readSegmentBatch(batch, { ...call, ...common, received: toInstant(receivedMs) })
    const values = new Uint8Array(reading.bytes)
    let end = 0
    const ends = reading.accepted.map(({ value }) => {
      values.set(value, end)
      return (end += value.byteLength)
    })
    const keys = reading.accepted.map(({ key }) => key)
    return moved({ events: batch.length, keys, values, ends, rejected: reading.rejected }, values.buffer)
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    const { statusCode: status, code, message, details } = error
    return { refusal: { status, code, message, details } }
  }
}

/** Gives the value's buffer up instead of copying it; the pool unwraps what it is told so. */
const moved = (value: ReadOnThread, buffer: ArrayBuffer): ReadOnThread =>
  move({ [transferableSymbol]: [buffer], [valueSymbol]: value }) as unknown as ReadOnThread
