import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { obtainVersitygw } from '../obtain/versitygw.ts'
import { freePorts } from '../process/free-ports.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, ServerProcess } from '../process/server-process.ts'
import { chooseRoad, imageOn, type Placement, type Road } from '../road.ts'
import { createBucket } from './create-bucket.ts'

/** An S3 server and the keys of its root user. */
export interface S3 extends AsyncDisposable {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly server: ServerProcess
}

/** The root user's keys, of which every test server has the same. */
export const s3Keys = { accessKeyId: 'rapport', secretAccessKey: 'rapport-secret' } as const

export interface S3Options extends Placement {
  /**
   * The check of a conditional put and its write are two steps, between which other puts get in, as in some stores: of
   * racing writers several may win. Default: one action at a time.
   */
  readonly writesInTwoSteps?: boolean
}

/** Starts an S3 server on a folder of its own, with the bucket `rapport` of an installation. */
export async function startS3(options: S3Options = {}): Promise<S3> {
  const road = options.road ?? (await chooseRoad(process.env, ['s3']))
  const program = road.kind === 'native' ? await obtainVersitygw() : 'versitygw'
  return onFreePorts(async () => {
    const [port = 0] = await freePorts(1)
    return startS3At({ ...options, road, program, port })
  })
}

interface S3Start extends S3Options {
  readonly road: Road
  readonly program: string
  readonly port: number
}

/** Starts an S3 server on a port that is known. */
async function startS3At({ road, program, port, ...options }: S3Start): Promise<S3> {
  const folder = await serverFolder('s3', options.folder)
  // It takes absolute folders only.
  const [buckets, iam] = [join(folder, 'buckets'), join(folder, 'iam')]
  await Promise.all([buckets, iam].map((path) => mkdir(path, { recursive: true })))
  const endpoint = `http://127.0.0.1:${port}`
  await using stack = new AsyncDisposableStack()
  const server = stack.use(
    await ServerProcess.start({
      name: 'S3',
      image: imageOn(road, 's3'),
      command: program,
      args: [
        '--port',
        `127.0.0.1:${port}`,
        '--health',
        '/health',
        '--quiet',
        '--iam-dir',
        iam,
        'posix',
        ...(options.writesInTwoSteps === true ? [] : ['--concurrency', '1']),
        buckets,
      ],
      env: { ROOT_ACCESS_KEY: s3Keys.accessKeyId, ROOT_SECRET_KEY: s3Keys.secretAccessKey },
      folder,
      ownsFolder: true,
      outlivesUs: options.outlivesUs ?? false,
      isReady: () => isHealthy(endpoint),
      startTimeoutMs: 20_000,
    }),
  )
  const access = { endpoint, region: 'us-east-1', ...s3Keys }
  await createBucket(access)
  stack.move()
  return {
    ...access,
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function isHealthy(endpoint: string): Promise<boolean> {
  const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok === true
}
