import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerKind } from '../endpoints.ts'
import { cacheFolder } from '../obtain/cache.ts'

/** The servers that `infra up` started, as kept for `status` and `down`. */
export interface State {
  readonly variables: Readonly<Record<string, string>>
  readonly servers: readonly RunningServer[]
}

export interface RunningServer {
  readonly kind: ServerKind
  /** A process, of a container too, is known by its number and its start. */
  readonly process: { readonly pid: number; readonly startedAt: string }
}

/** Holds the state and, below `data`, what the servers keep. */
export function developerFolder(): string {
  return join(cacheFolder(), 'infra')
}

function stateFile(): string {
  return join(developerFolder(), 'state.json')
}

export async function readState(): Promise<State | undefined> {
  const text = await readFile(stateFile(), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as State)
}

export async function writeState(state: State): Promise<void> {
  await mkdir(developerFolder(), { recursive: true })
  // The S3 server's keys are in it.
  await writeFile(`${stateFile()}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(`${stateFile()}.new`, stateFile())
}

/** Removes the state and the servers' data. */
export async function removeState(): Promise<void> {
  await rm(developerFolder(), { recursive: true, force: true, maxRetries: 5 })
}
