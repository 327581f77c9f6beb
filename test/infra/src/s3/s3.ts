import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { obtainVersitygw } from '../obtain/versitygw.ts'
import { freePorts } from '../process/free-ports.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, ServerProcess } from '../process/server-process.ts'

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

/** Starts an S3 server on a folder of its own. Buckets are the caller's to create. */
export async function startS3(): Promise<S3> {
  const program = await obtainVersitygw()
  return onFreePorts(async () => {
    const [port = 0] = await freePorts(1)
    return startS3At({ program, port, folder: await serverFolder('s3'), ownsFolder: true })
  })
}

export interface S3Start {
  readonly program: string
  readonly port: number
  readonly folder: string
  readonly ownsFolder: boolean
}

/** Starts an S3 server on a port that is known. */
export async function startS3At({ program, port, folder, ownsFolder }: S3Start): Promise<S3> {
  // It takes absolute folders only.
  const [buckets, iam] = [join(folder, 'buckets'), join(folder, 'iam')]
  await Promise.all([buckets, iam].map((path) => mkdir(path, { recursive: true })))
  const endpoint = `http://127.0.0.1:${port}`
  const server = await ServerProcess.start({
    name: 'S3',
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
      // One action at a time: the check of a conditional write and the write are two steps, between which others get in.
      '--concurrency',
      '1',
      buckets,
    ],
    env: { ROOT_ACCESS_KEY: s3Keys.accessKeyId, ROOT_SECRET_KEY: s3Keys.secretAccessKey },
    folder,
    ownsFolder,
    isReady: () => isHealthy(endpoint),
    startTimeoutMs: 20_000,
  })
  return {
    endpoint,
    region: 'us-east-1',
    ...s3Keys,
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function isHealthy(endpoint: string): Promise<boolean> {
  const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok === true
}
