import type { KafkaConnection, ProduceBatch, ProducerIdentity } from '../connection.ts'
import { KafkaError } from '../kafka-error.ts'

export type Trouble = 'lost request' | 'lost answer' | (string & {})

interface Sequence {
  next: number
  readonly seen: Map<number, number>
}

/** A broker's side of producing: logs of keys and values, sequences, and troubles that a test lines up. */
export class FakeBroker {
  readonly logs = new Map<string, string[]>()
  /** What the next requests meet, first to last; undefined is nothing. */
  readonly troubles: (Trouble | undefined)[] = []
  /** Called at each request, before its trouble. */
  onRequest: (batches: readonly ProduceBatch[]) => void | Promise<void> = () => undefined
  /** Called when the leaders are asked for. */
  onLeaders: () => void | Promise<void> = () => undefined
  /** The error with which a batch is sent away while those beside it are written. */
  refusal: (batch: ProduceBatch) => Trouble | undefined = () => undefined
  requests = 0
  identities = 0
  #sequences = new Map<string, Sequence>()

  /** What a broker forgets when the producer's last records have been removed. */
  forgetProducers(): void {
    this.#sequences = new Map()
    this.#forgotten = true
  }
  #forgotten = false

  get connection(): KafkaConnection {
    const used: Partial<KafkaConnection> = {
      leaders: async () => {
        await this.onLeaders()
        return [1, 1, 1, 1]
      },
      refresh: async () => undefined,
      newProducerIdentity: async () => {
        this.identities += 1
        return { id: String(this.identities), epoch: 0 }
      },
      produce: (_leader, identity, batches) => this.#produce(identity, batches),
    }
    return used as KafkaConnection
  }

  async #produce(identity: ProducerIdentity, batches: readonly ProduceBatch[]): Promise<readonly number[]> {
    this.requests += 1
    await this.onRequest(batches)
    const trouble = this.troubles.shift()
    if (trouble === 'lost request') throw new KafkaError('CONNECTION', 'cut')
    if (trouble !== undefined && trouble !== 'lost answer') throw new KafkaError(trouble, 'refused')
    const refused = batches.map((batch) => this.refusal(batch))
    const offsets = batches.map((batch, index) => (refused[index] === undefined ? this.#append(identity, batch) : -1))
    const refusal = refused.find((type) => type !== undefined)
    if (refusal !== undefined) throw new KafkaError(refusal, 'refused')
    if (trouble === 'lost answer') throw new KafkaError('CONNECTION', 'cut')
    return offsets
  }

  #append({ id }: ProducerIdentity, { topic, partition, firstSequence, records }: ProduceBatch): number {
    const place = `${topic}/${partition}`
    const log = this.logs.get(place) ?? []
    this.logs.set(place, log)
    const known = this.#sequences.get(`${place} ${id}`)
    const again = known?.seen.get(firstSequence)
    if (again !== undefined) return again
    const expected = known?.next ?? (this.#forgotten ? -1 : 0)
    if (firstSequence !== expected && !(known === undefined && firstSequence === 0)) {
      throw new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', `expected ${expected}, got ${firstSequence}`)
    }
    const sequence = known ?? { next: 0, seen: new Map<number, number>() }
    const firstOffset = log.length
    sequence.next = firstSequence + records.length
    sequence.seen.set(firstSequence, firstOffset)
    this.#sequences.set(`${place} ${id}`, sequence)
    for (const { value } of records) log.push(Buffer.from(value ?? []).toString())
    return firstOffset
  }
}
