// Starts a server, says which, and lives until it is killed.
import { startRedis } from '../redis/redis.ts'
import { chooseRoad } from '../road.ts'
import { serverFolder } from './server-folder.ts'
import { ServerProcess } from './server-process.ts'

const server = process.argv[2] === 'docker' ? await startContainer() : await startProgram()
process.stdout.write(`${JSON.stringify({ pid: server.pid, folder: server.folder })}\n`)
setInterval(() => undefined, 1000)

async function startContainer(): Promise<ServerProcess> {
  const road = await chooseRoad({ ...process.env, RAPPORT_INFRA: 'docker' }, ['redis'])
  return (await startRedis({ road })).server
}

async function startProgram(): Promise<ServerProcess> {
  return ServerProcess.start({
    name: 'Owned server',
    command: process.execPath,
    args: ['-e', `console.log('ready'); setInterval(() => {}, 1000)`],
    folder: await serverFolder('owned'),
    ownsFolder: true,
    isReady: (log) => log.includes('ready'),
    startTimeoutMs: 20_000,
  })
}
