import { RapportClient } from '@rapport/sdk'
import { adminKeyPath } from '../data-folder.ts'
import { readKey } from '../first-tenant.ts'

/** The data folder that the environment names. */
export const dataDirOf = (env: NodeJS.ProcessEnv): string => env['RAPPORT_DATA_DIR'] ?? './data'

export interface Connection {
  readonly client: RapportClient
  readonly url: string
}

/** A client for the platform and key that the environment names, or else for the platform of the data folder here. */
export async function connect(env: NodeJS.ProcessEnv = process.env): Promise<Connection> {
  const url = env['RAPPORT_URL'] ?? `http://127.0.0.1:${env['PORT'] ?? '8080'}`
  const keyPath = adminKeyPath(dataDirOf(env))
  const key = env['RAPPORT_KEY'] ?? (await readKey(keyPath))
  if (key === undefined) {
    throw new Error(
      `there is no key: set RAPPORT_KEY, or RAPPORT_DATA_DIR to the data folder (${keyPath} is not there)`,
    )
  }
  return { client: new RapportClient({ url, key }), url }
}

/** Aborts at the first Ctrl-C, so that a command can end what it does; a second one ends the process. */
export function interruptible(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort(new DOMException('interrupted', 'AbortError')))
  return controller.signal
}
