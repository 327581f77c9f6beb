// A process that publishes as fast as it can and prints `partition offset key` for each acknowledged record, until killed.
import { openEmbeddedEventLog } from '../index.ts'
import { silent } from './harness.ts'
import { testTopics } from './topics.ts'

const [directory = '', run = ''] = process.argv.slice(2)
const log = await openEmbeddedEventLog({ directory, topics: Object.values(testTopics), log: silent })
let next = 0

async function publishForEver(batch: number): Promise<never> {
  for (;;) {
    const records = Array.from({ length: batch }, () => {
      const key = `${run}-${next++}`
      return { topic: testTopics.stream.name, key, value: Buffer.from(`value of ${key}`.padEnd(200)) }
    })
    const positions = await log.publish(records)
    const lines = positions.map(({ partition, offset }, index) => `${partition} ${offset} ${records[index]?.key}\n`)
    process.stdout.write(lines.join(''))
  }
}

await Promise.all([1, 1, 1, 1, 20, 20].map(publishForEver))
