import type { Environment } from './environment.ts'

const FIELDS = 3
const NEXT_OFFSET = 0
const BYTES = 1
const APPENDED_AT = 2

/** Where each partition of a topic stands; one small LMDB value a topic. */
export class Heads {
  readonly #fields: Float64Array

  private constructor(fields: Float64Array) {
    this.#fields = fields
  }

  static read(environment: Environment, topicId: number, partitions: number): Heads {
    const fields = new Float64Array(partitions * FIELDS)
    const stored = environment.heads.getBinaryFast(topicId)
    if (stored !== undefined) {
      for (let index = 0; index < fields.length; index += 1) fields[index] = stored.readDoubleLE(index * 8)
    }
    return new Heads(fields)
  }

  /** Inside a write transaction. */
  write(environment: Environment, topicId: number): void {
    const bytes = Buffer.allocUnsafeSlow(this.#fields.length * 8)
    this.#fields.forEach((value, index) => bytes.writeDoubleLE(value, index * 8))
    environment.heads.putSync(topicId, bytes)
  }

  nextOffset(partition: number): number {
    return this.#fields[partition * FIELDS + NEXT_OFFSET] ?? 0
  }

  bytes(partition: number): number {
    return this.#fields[partition * FIELDS + BYTES] ?? 0
  }

  appendedAtMs(partition: number): number {
    return this.#fields[partition * FIELDS + APPENDED_AT] ?? 0
  }

  advance(partition: number, records: number, appendedAtMs: number): void {
    const at = partition * FIELDS
    this.#fields[at + NEXT_OFFSET] = this.nextOffset(partition) + records
    this.#fields[at + APPENDED_AT] = appendedAtMs
  }

  addBytes(partition: number, bytes: number): void {
    this.#fields[partition * FIELDS + BYTES] = this.bytes(partition) + bytes
  }
}
