// Starts a server, says which, and lives until it is killed.
import { serverFolder } from './server-folder.ts'
import { ServerProcess } from './server-process.ts'

const folder = await serverFolder('owned')
const server = await ServerProcess.start({
  name: 'Owned server',
  command: process.execPath,
  args: ['-e', `console.log('ready'); setInterval(() => {}, 1000)`],
  folder,
  ownsFolder: true,
  isReady: (log) => log.includes('ready'),
  startTimeoutMs: 20_000,
})
process.stdout.write(`${JSON.stringify({ pid: server.pid, folder })}\n`)
setInterval(() => undefined, 1000)
