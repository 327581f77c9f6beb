import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { PlatformProcess } from './platform-process.ts'

const inWorkspace = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const cli = inWorkspace('services/all-in-one/src/cli/main.ts')
const launcher = inWorkspace('services/all-in-one/bin/rapport.js')

export interface CliOptions {
  readonly platform: Pick<PlatformProcess, 'url' | 'key'>
  /** Where the command keeps its ledgers, and looks for a key. */
  readonly dataDir: string
  readonly key?: string
  readonly env?: Readonly<Record<string, string>>
  /** Through the launcher, as `npx rapport` does it. */
  readonly launcher?: boolean
}

export interface CliOutcome {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliProcess {
  readonly child: ChildProcess
  readonly ended: Promise<CliOutcome>
}

/** Starts `rapport` with these arguments against a platform, as somebody without a terminal. */
export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  const { platform, dataDir, key = platform.key, env } = options
  const child = spawn(process.execPath, [options.launcher === true ? launcher : cli, ...args], {
    env: { ...process.env, RAPPORT_URL: platform.url, RAPPORT_KEY: key, RAPPORT_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]) => ({ code: (code ?? signal) as CliOutcome['code'], stdout, stderr }),
  )
  return { child, ended }
}

export const runCli = (args: readonly string[], options: CliOptions): Promise<CliOutcome> =>
  startCli(args, options).ended
