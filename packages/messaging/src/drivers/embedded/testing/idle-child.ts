// A process with a subscriber and a follower and nothing else to do: it must end by itself.
import { openEmbeddedEventLog } from '../index.ts'
import { silent } from './harness.ts'
import { testTopics } from './topics.ts'

const [directory = ''] = process.argv.slice(2)
const log = await openEmbeddedEventLog({ directory, topics: Object.values(testTopics), log: silent })
await log.publish([{ topic: testTopics.table.name, key: 'k', value: Buffer.from('v') }])
await log.subscribe({ group: 'idle', topics: [testTopics.stream.name], onBatch: async () => undefined })
const follower = await log.follow(testTopics.table.name, () => undefined)
await follower.caughtUp
process.stdout.write('idle\n')
