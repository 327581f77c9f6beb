// The ingestion service behind its real HTTP server; prints `url key`, and stops when standard input ends.
import { once } from 'node:events'
import { topics } from '@rapport/contracts'
import { createIngestionService } from '@rapport/ingestion'
import { openEmbeddedEventLog } from '@rapport/messaging/embedded'
import { createTestPlatform } from '@rapport/service-kit/testing'

const [directory = '', sync = 'on'] = process.argv.slice(2)
await using platform = await createTestPlatform()
const { dependencies } = platform
await using eventLog = await openEmbeddedEventLog({
  directory,
  topics: Object.values(topics),
  log: dependencies.log,
  sync: sync === 'on',
})
await using service = await createIngestionService(
  { publishDeadlineMs: 5000, batchThreads: 1, inboxTenants: [] },
  { ...dependencies, eventLog },
)
const server = await platform.serve([service])
const key = await platform.issueKey('shop', ['events:write'])
const { url } = await server.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${url} ${key}\n`)
process.stdin.resume()
await once(process.stdin, 'end')
