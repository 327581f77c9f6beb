import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { obtainRedis } from '../obtain/redis-server.ts'
import { freePorts } from '../process/free-ports.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, ServerProcess } from '../process/server-process.ts'
import { chooseRoad, imageOn, type Placement, type Road } from '../road.ts'
import { redisCommand } from './command.ts'

export interface RedisOptions extends Placement {
  /** Lines of redis.conf that come after the usual ones: `maxmemory 8mb`, `requirepass secret`. */
  readonly config?: readonly string[]
}

export interface Redis extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly server: ServerProcess
}

/** Starts a Redis with an append-only file that is written every second, in a folder of its own. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const road = await roadOfRedis(options)
  return onFreePorts(async () => {
    const [port = 0] = await freePorts(1)
    return startRedisAt({ ...options, road, port })
  })
}

/** How a Redis is started, whose program is there. */
export async function roadOfRedis({ road }: Placement): Promise<Road> {
  const chosen = road ?? (await chooseRoad(process.env, ['redis']))
  if (chosen.kind === 'native') await obtainRedis()
  return chosen
}

interface RedisStart extends RedisOptions {
  readonly road: Road
  readonly port: number
}

/** Starts a Redis on a port that is known. */
export async function startRedisAt({ port, road, config = [], ...placement }: RedisStart): Promise<Redis> {
  const folder = await serverFolder('redis', placement.folder)
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // Replicas wait 5 s before a full copy is sent, in case more of them come.
    'repl-diskless-sync-delay 0',
    // A primary that is told to end waits 10 s for replicas that lag, or that have just been ended too.
    'shutdown-timeout 0',
    ...config,
  ]
  await writeFile(join(folder, 'redis.conf'), `${lines.join('\n')}\n`)
  const server = await ServerProcess.start({
    name: 'Redis',
    image: imageOn(road, 'redis'),
    command: 'redis-server',
    args: ['redis.conf'],
    folder,
    ownsFolder: true,
    outlivesUs: placement.outlivesUs ?? false,
    isReady: () => answersCommands(port),
    startTimeoutMs: 20_000,
  })
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A refusal for want of a password is an answer; one because the data is still being loaded is not. */
async function answersCommands(port: number): Promise<boolean> {
  const answer = await redisCommand(port, 'PING').catch(() => '-LOADING')
  return !answer.startsWith('-LOADING')
}
