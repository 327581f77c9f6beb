import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { guard } from '../process/guard.ts'

export interface ToolOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end and returns what it printed (both streams); a failure carries the last lines. */
export async function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const { pid } = child
  if (pid !== undefined) guard().watch(pid)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    if (status === 0) return printed
  } catch (cause) {
    throw new Error(`${command} could not be run`, { cause })
  } finally {
    if (pid !== undefined) guard().forget(pid)
  }
  throw new Error(`${[command, ...args].join(' ')} failed:\n${printed.trimEnd().split('\n').slice(-15).join('\n')}`)
}

/** What a program prints about itself, or undefined when it cannot be run. */
export async function askTool(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return await runTool(command, args)
  } catch {
    return undefined
  }
}

/** One line to whoever waits. Standard error, so that what a command prints as its result stays clean. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
