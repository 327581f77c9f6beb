import { setTimeout } from 'node:timers/promises'
import { RapportClient } from '@rapport/sdk'
import { adminKeyPath } from '../data-folder.ts'
import { readKey } from '../key-file.ts'
import { exitCodes } from './exit-codes.ts'

/** The data folder that the environment names. */
export const dataDirOf = (env: NodeJS.ProcessEnv): string => env['RAPPORT_DATA_DIR'] ?? './data'

export interface Connection {
  readonly client: RapportClient
  readonly url: string
}

/**
 * A client for the platform and key that the environment names, or else for the platform of the data folder here.
 * @param retries Attempts of a call after the first, while the platform is busy or away.
 */
export async function connect(retries?: number): Promise<Connection> {
  const { env } = process
  const url = env['RAPPORT_URL'] ?? `http://127.0.0.1:${env['PORT'] ?? '8080'}`
  const keyPath = adminKeyPath(dataDirOf(env))
  const key = env['RAPPORT_KEY'] ?? (await readKey(keyPath))
  if (key === undefined) {
    throw new Error(
      `there is no key: set RAPPORT_KEY, or RAPPORT_DATA_DIR to the data folder (${keyPath} is not there)`,
    )
  }
  return { client: new RapportClient({ url, key, ...(retries !== undefined && { retries }) }), url }
}

/** What a command ends with that Ctrl-C has interrupted. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'

  /** @param advice What has become of the work, for instance how to go on with it. */
  constructor(advice?: string) {
    super(advice === undefined ? 'interrupted' : `interrupted; ${advice}`)
  }
}

/** The interruption that an error is, or that it came from. */
export function interruptionOf(error: unknown): InterruptedError | undefined {
  if (error instanceof InterruptedError) return error
  return error instanceof Error ? interruptionOf(error.cause) : undefined
}

/** A shell gives one Ctrl-C to the command and to its launcher, which passes it on: two signals at once. */
const oneKeyStrokeMs = 500

/**
 * Aborts at the first Ctrl-C, so that a command can end what it does; a second one ends the process.
 * @param advice For the `InterruptedError` that is the signal's reason.
 */
export function interruptible(advice?: string): AbortSignal {
  const controller = new AbortController()
  let firstMs: number | undefined
  process.on('SIGINT', () => {
    firstMs ??= Date.now()
    controller.abort(new InterruptedError(advice))
    if (Date.now() - firstMs > oneKeyStrokeMs) process.exit(exitCodes.interrupted)
  })
  return controller.signal
}

/** Waits; an interruption ends the waiting with the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
}
