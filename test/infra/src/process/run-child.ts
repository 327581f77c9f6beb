import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { guard } from './guard.ts'
import type { ServerSpec } from './server-process.ts'

/** A server's program that was started: a child process, or the first process of a container. */
export interface Run {
  /** Its number on this machine, which is its process group's too. */
  readonly pid: number
  readonly running: boolean
}

/** What a server prints, in its folder. */
export const logName = 'server.log'

/** Runs a server in a process group of its own, so that a Ctrl-C meant for us does not reach it. */
export async function runChild({ name, command, args, env, folder }: ServerSpec): Promise<Run> {
  const output = openSync(join(folder, logName), 'a')
  const child = spawn(command, args, {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new Error(`${name} could not be run: ${command}`, { cause })
  })
  const { pid = 0 } = child
  // A server that nobody stopped does not keep us running: the guard ends it.
  child.unref()
  guard().watch(pid)
  child.once('exit', () => guard().forget(pid))
  return {
    pid,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
  }
}
