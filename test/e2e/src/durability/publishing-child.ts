// Publishes records from several callers at once and prints `acknowledged <marker>` when a publish has resolved.
import { writeSync } from 'node:fs'
import { topics } from '@rapport/contracts'
import { openEmbeddedEventLog } from '@rapport/messaging/embedded'

const [directory = '', sync = 'on', ...markers] = process.argv.slice(2)
const nothing = (): void => undefined
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const eventLog = await openEmbeddedEventLog({ directory, topics: Object.values(topics), log, sync: sync === 'on' })

const callers = Array.from({ length: 4 }, async () => {
  for (let marker = markers.shift(); marker !== undefined; marker = markers.shift()) {
    await eventLog.publish([{ topic: topics.events.name, key: marker, value: Buffer.from(`value of ${marker}`) }])
    writeSync(1, `acknowledged ${marker}\n`)
  }
})
await Promise.all(callers)
await eventLog[Symbol.asyncDispose]()
