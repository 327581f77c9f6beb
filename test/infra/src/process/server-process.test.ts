import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePorts } from './free-ports.ts'
import { isAlive, processState } from './process-state.ts'
import { onFreePorts, ServerProcess, ServerStartError, type ServerSpec } from './server-process.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-test-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** A server that says that it is ready and then lives on; `script` runs before. */
function spec(script = '', overrides: Partial<ServerSpec> = {}): ServerSpec {
  return {
    name: 'Test server',
    command: process.execPath,
    args: ['-e', `${script}; console.log('ready'); setInterval(() => {}, 1000)`],
    folder,
    ownsFolder: false,
    isReady: (log) => log.includes('ready'),
    startTimeoutMs: 20_000,
    ...overrides,
  }
}

describe('a server as a process', () => {
  it('is gone after it was stopped, and comes back in the same folder', async () => {
    await using server = await ServerProcess.start(spec())
    const first = server.pid
    expect(isAlive(first)).toBe(true)
    await server.stop()
    expect(isAlive(first)).toBe(false)
    expect(server.running).toBe(false)
    expect(() => server.pid).toThrow('does not run')

    await server.start()
    expect(server.pid).not.toBe(first)
    expect(await readFile(join(folder, 'server.log'), 'utf8')).toBe('ready\nready\n')
  })

  it('ends by SIGTERM when it is stopped and by SIGKILL when it is killed', async () => {
    const tidy = `process.on('SIGTERM', () => { require('node:fs').writeFileSync('tidied', ''); process.exit() })`
    await using server = await ServerProcess.start(spec(tidy))
    await server.kill()
    expect(existsSync(join(folder, 'tidied'))).toBe(false)
    await server.start()
    await server.stop()
    expect(existsSync(join(folder, 'tidied'))).toBe(true)
  })

  it('is held and goes on', async () => {
    await using server = await ServerProcess.start(spec())
    await server.pause()
    expect(await processState(server.pid)).toMatchObject({ paused: true })
    server.resume()
    await vi.waitFor(async () => expect(await processState(server.pid)).toMatchObject({ paused: false }))
  })

  it('can be stopped while it is held', async () => {
    await using server = await ServerProcess.start(spec())
    const { pid } = server
    await server.pause()
    await server.stop()
    expect(isAlive(pid)).toBe(false)
  })

  it('takes its folder with it when the folder is its own', async () => {
    const server = await ServerProcess.start(spec('', { ownsFolder: true }))
    const { pid } = server
    await server[Symbol.asyncDispose]()
    expect(isAlive(pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
  })
})

describe('a start that fails', () => {
  it('shows the log of a server that ended', async () => {
    const start = ServerProcess.start(spec(`console.error('no such setting: colour'); process.exit(1)`))
    await expect(start).rejects.toThrow(/Test server ended while starting:\nno such setting: colour/)
  })

  it('ends a server that is not ready in time', async () => {
    const script = `require('node:fs').writeFileSync('pid', String(process.pid))`
    const start = ServerProcess.start(spec(script, { startTimeoutMs: 1000, isReady: () => false }))
    await expect(start).rejects.toThrow('Test server was not ready within 1 s')
    expect(isAlive(Number(await readFile(join(folder, 'pid'), 'utf8')))).toBe(false)
  })

  it('says so when the program is not there', async () => {
    const start = ServerProcess.start(spec('', { command: 'a-program-that-nobody-has' }))
    await expect(start).rejects.toThrow('Test server could not be run')
  })

  it('is tried on other ports when a port was taken in between', async () => {
    const [taken = 0, free = 0] = await freePorts(2)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve))
    const ports = [taken, free]
    const listen = (port: number | undefined): string =>
      `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('listens'))`
    try {
      await using server = await onFreePorts(() =>
        ServerProcess.start(spec(listen(ports.shift()), { isReady: (log) => log.includes('listens') })),
      )
      expect(server.running).toBe(true)
      expect(ports).toEqual([])
      await expect(ServerProcess.start(spec(listen(taken), { isReady: () => false }))).rejects.toSatisfy(
        (error) => error instanceof ServerStartError && error.portTaken,
      )
    } finally {
      other.close()
    }
  })
})
