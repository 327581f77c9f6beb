import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '@rapport/all-in-one/node-flags'

/** The `rapport` command. */
export const cli = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))
const readyWithinMs = 60_000
const keptLines = 200

/** A process of `rapport serve` or `rapport gateway`, always on the same port. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  readonly #lines: string[] = []
  #child: ChildProcess | undefined

  private constructor(name: string, port: number, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name
    this.url = `http://127.0.0.1:${port}`
    this.#args = args
    this.#env = { ...env, PORT: String(port) }
  }

  /** @param args Of the `rapport` command. Resolves when the process says that it is ready. */
  static async start(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const started = new ServiceProcess(name, await freePort(), args, env)
    await started.start()
    return started
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    const { pid } = this.#child ?? {}
    if (pid === undefined || !this.isRunning) throw new Error(`${this.name} does not run`)
    return pid
  }

  /** Ids of the processes that it has started. */
  async children(): Promise<number[]> {
    const { pid } = this
    const threads = await readdir(`/proc/${pid}/task`)
    const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')))
    return lists.flatMap((list) => list.trim().split(' ')).flatMap((id) => (id === '' ? [] : [Number(id)]))
  }

  /** The last lines of its log. */
  get log(): string {
    return this.#lines.join('\n')
  }

  async start(): Promise<void> {
    this.spawn()
    const untilMs = performance.now() + readyWithinMs
    while (!(await this.isReady())) {
      if (!this.isRunning) throw new Error(`${this.name} ended while it started:\n${this.log}`)
      if (performance.now() > untilMs)
        throw new Error(`${this.name} was not ready in time, but ${await this.#state()}:\n${this.log}`)
      await setTimeout(50)
    }
  }

  /** Starts it without waiting for anything. */
  spawn(): void {
    const child = spawn(process.execPath, [...nodeFlags, cli, ...this.#args], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
  }

  async isReady(): Promise<boolean> {
    return (await this.health('ready')) === 200
  }

  /** The status of its answer; undefined when there is none. */
  async health(which: 'live' | 'ready'): Promise<number | undefined> {
    const signal = AbortSignal.timeout(2_000)
    const answer = await fetch(`${this.url}/health/${which}`, { signal }).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.status
  }

  /** Ends it as a crash would (SIGKILL). Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Asks it to stop (SIGTERM). Resolves with its exit code when it is gone. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child?.exitCode ?? null
  }

  /** Holds it (SIGSTOP) as a machine that does not get on; resolves when it does nothing any more. */
  async pause(): Promise<void> {
    const { pid } = this
    process.kill(pid, 'SIGSTOP')
    while (!/^\d+ \(.*\) T/.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) await setTimeout(1)
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** A metric's value, summed over its labels unless the name has them; 0 when it is not there. */
  async metric(name: string): Promise<number> {
    return (await this.samples(name)).reduce((sum, value) => sum + value, 0)
  }

  /** A metric's values, one for each of its series. */
  async samples(name: string): Promise<number[]> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** What it says of itself. */
  #state(): Promise<string> {
    const signal = AbortSignal.timeout(2_000)
    return fetch(`${this.url}/health/ready`, { signal }).then((answer) => answer.text(), String)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning || this.#child === undefined) return
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    await ended
  }

  #keep(text: string): void {
    this.#lines.push(...text.trimEnd().split('\n'))
    this.#lines.splice(0, Math.max(0, this.#lines.length - keptLines))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
