import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '@rapport/all-in-one/node-flags'
import { RapportClient } from '@rapport/sdk'

const cli = fileURLToPath(new URL('../../../../services/all-in-one/src/cli/main.ts', import.meta.url))

/** A temporary folder that goes when it is disposed of. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'rapport-e2e-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface PlatformProcess extends AsyncDisposable {
  readonly url: string
  readonly key: string
  readonly client: RapportClient
  readonly child: ChildProcess
  /** Lines of standard output so far. */
  readonly lines: readonly string[]
  /** Standard error so far. */
  errors(): string
  /** Ends the process as a power cut would, as far as a process can tell. */
  kill(): Promise<void>
}

export interface StartOptions {
  readonly dataDir: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** The whole platform as its users start it, on a free port of the loopback; without the demo shop and starter models. */
export async function startPlatformProcess({ dataDir, args, env }: StartOptions): Promise<PlatformProcess> {
  const child = spawn(process.execPath, [...nodeFlags, cli, 'start', ...(args ?? ['--no-shop'])], {
    env: { ...process.env, PORT: '0', RAPPORT_DATA_DIR: dataDir, RAPPORT_STARTER_MODELS: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const lines: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      const found = /^Rapport runs on (\S+)$/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}: ${errors}`)))
  })
  const key = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim()
  return {
    url,
    key,
    client: new RapportClient({ url, key, retries: 0 }),
    child,
    lines,
    errors: () => errors,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
