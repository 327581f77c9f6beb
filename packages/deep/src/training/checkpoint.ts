import { createHash } from 'node:crypto'
import type { AdamState } from './adam.ts'
import type { EpochReport } from './reports.ts'

/** Where a run keeps its last checkpoint; a save replaces the one before as a whole. */
export interface CheckpointStore {
  load(): Promise<Uint8Array | undefined>
  save(bytes: Uint8Array): Promise<void>
}

/** A run after an epoch. Random numbers follow from seed and epoch, so their position is that of the history. */
export interface TrainingState {
  /** Of the epochs that are done, in order. */
  readonly history: readonly EpochReport[]
  readonly weights: readonly Float32Array[]
  readonly adam: AdamState
  /** The weights after the best epoch, where a validation part says which that is. */
  readonly best?: readonly Float32Array[] | undefined
}

interface Header {
  readonly fingerprint: string
  readonly history: readonly EpochReport[]
  readonly steps: number
  readonly lengths: readonly number[]
  readonly hasBest: boolean
}

const magic = 'RPTDEEP1'
const digestBytes = 32
const headerStart = magic.length + 4

/** Magic, length of the header, the header as JSON, the arrays, SHA-256 of all that. */
export function encodeCheckpoint(fingerprint: string, { history, weights, adam, best }: TrainingState): Uint8Array {
  const header: Header = {
    fingerprint,
    history,
    steps: adam.steps,
    lengths: weights.map(({ length }) => length),
    hasBest: best !== undefined,
  }
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(text.length)
  const arrays = [...weights, ...adam.means, ...adam.squares, ...(best ?? [])]
  const parts = arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))
  const content = Buffer.concat([Buffer.from(magic), size, text, ...parts])
  return Buffer.concat([content, createHash('sha256').update(content).digest()])
}

/** The state, or why these bytes are not a checkpoint of the run with that fingerprint. */
export function decodeCheckpoint(fingerprint: string, bytes: Uint8Array): TrainingState | { readonly problem: string } {
  const content = bytes.subarray(0, Math.max(0, bytes.length - digestBytes))
  const digest = createHash('sha256').update(content).digest()
  if (content.length < headerStart || digest.compare(bytes.subarray(content.length)) !== 0)
    return { problem: 'the checkpoint is damaged' }
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.length)
  if (buffer.toString('latin1', 0, magic.length) !== magic) return { problem: 'the checkpoint is of another format' }
  const arraysStart = headerStart + buffer.readUInt32LE(magic.length)
  const header = JSON.parse(buffer.toString('utf8', headerStart, arraysStart)) as Header
  if (header.fingerprint !== fingerprint) return { problem: 'the checkpoint is of another run' }
  let at = arraysStart
  const arrays = (): Float32Array[] =>
    header.lengths.map((length) => {
      // A copy: the bytes may lie anywhere, floats may not.
      const bytes = new Uint8Array(content.subarray(at, at + 4 * length))
      at += bytes.length
      return new Float32Array(bytes.buffer)
    })
  const weights = arrays()
  const adam = { steps: header.steps, means: arrays(), squares: arrays() }
  return { history: header.history, weights, adam, ...(header.hasBest && { best: arrays() }) }
}
