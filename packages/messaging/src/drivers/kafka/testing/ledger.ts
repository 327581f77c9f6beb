import type { EventLog, LogRecord, RecordBatch } from '../../../event-log.ts'
import { PublishError } from '../../../errors.ts'

/** Publishes numbered records of some keys, one call of each key at a time, and knows which were acknowledged. */
export class Ledger {
  /** By key: the numbers whose publishing was acknowledged, in order. */
  readonly acknowledged = new Map<string, number[]>()
  readonly failures: unknown[] = []
  #stopping = false
  #loops: Promise<void>[] = []

  start(log: EventLog, topic: string, options: { keys: number; perCall: number; deadlineMs: number }): void {
    this.#loops = Array.from({ length: options.keys }, (_, key) =>
      this.#publish(log, topic, { ...options, key: `key-${key}` }),
    )
  }

  get total(): number {
    return [...this.acknowledged.values()].reduce((sum, numbers) => sum + numbers.length, 0)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#loops)
  }

  async #publish(
    log: EventLog,
    topic: string,
    { key, perCall, deadlineMs }: { key: string; perCall: number; deadlineMs: number },
  ): Promise<void> {
    const mine: number[] = []
    this.acknowledged.set(key, mine)
    for (let next = 0; !this.#stopping; next += perCall) {
      const numbers = Array.from({ length: perCall }, (_, index) => next + index)
      try {
        await log.publish(
          numbers.map((number) => ({ topic, key, value: Buffer.from(String(number)) })),
          { deadlineMs },
        )
        mine.push(...numbers)
      } catch (error) {
        if (!(error instanceof PublishError) || error.outcome !== 'unknown') throw error
        this.failures.push(error)
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}

/** What a group has handled, by partition and offset; every batch is committed. */
export class Handled {
  readonly byPlace = new Map<string, LogRecord>()
  duplicates = 0

  readonly onBatch = async (batch: RecordBatch): Promise<void> => {
    for (const record of batch.records) this.add(record)
    await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
  }

  add(record: LogRecord): void {
    const place = `${record.partition}/${record.offset}`
    if (this.byPlace.has(place)) this.duplicates += 1
    this.byPlace.set(place, record)
  }

  /** The numbers of each key in the order of the log. */
  numbers(): Map<string, number[]> {
    const records = [...this.byPlace.values()].sort((a, b) => a.offset - b.offset)
    const grouped = Map.groupBy(records, ({ key }) => key)
    return new Map(
      [...grouped].map(([key, found]) => [key, found.map(({ value }) => Number(Buffer.from(value ?? []).toString()))]),
    )
  }

  missing(ledger: Ledger): string[] {
    const numbers = this.numbers()
    return [...ledger.acknowledged].flatMap(([key, acknowledged]) => {
      const found = new Set(numbers.get(key))
      return acknowledged.filter((number) => !found.has(number)).map((number) => `${key}:${number}`)
    })
  }

  /** Keys whose records stand on the log in another order than they were published in. */
  outOfOrder(): string[] {
    return [...this.numbers()]
      .filter(([, numbers]) => numbers.some((number, index) => number < (numbers[index - 1] ?? -1)))
      .map(([key]) => key)
  }
}
