import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ServerProcess } from '@rapport/infra'

export interface Program {
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly isReady: (log: string) => boolean | Promise<boolean>
}

/** As most of these programs take them. */
export const toFlags = (flags: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`)

/** Runs a program with its log in a folder of its own below `parent`, until it is disposed of. */
export async function startProgram(parent: string, program: Program): Promise<ServerProcess> {
  const folder = join(parent, program.name)
  await mkdir(folder, { recursive: true })
  return ServerProcess.start({
    name: program.name,
    command: program.path,
    args: program.args,
    env: program.env ?? {},
    folder,
    ownsFolder: false,
    isReady: program.isReady,
    startTimeoutMs: 60_000,
  })
}

/** Whether somebody listens there. */
export async function isOpen(port: number, host = '127.0.0.1'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port }, () => resolve(true)).once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
