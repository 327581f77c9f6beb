import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runContainer, type ServerImage } from '../docker/run-container.ts'
import { guard } from './guard.ts'
import { processState } from './process-state.ts'
import { logName, runChild, type Run } from './run-child.ts'
import { until } from './until.ts'
/** How a server is run. */
export interface ServerSpec {
  readonly name: string
  /** Of which the command is. Without, it is a program of this machine. */
  readonly image?: ServerImage | undefined
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Working folder: data, configuration and the log. */
  readonly folder: string
  /** Removed when the server is disposed of, which then ends by force. */
  readonly ownsFolder: boolean
  /** It is to be released: a container that nobody removes when its owner is gone. */
  readonly outlivesUs?: boolean
  /** Does it serve? `log` is what it has printed since this start. */
  readonly isReady: (log: string) => boolean | Promise<boolean>
  readonly startTimeoutMs: number
}

const stopTimeoutMs = 10_000
const killTimeoutMs = 10_000

/** The server did not come up: `message` ends with the last lines of its log. */
export class ServerStartError extends Error {
  readonly code = 'RPT_INFRA_SERVER_START'
  /** Another process holds its port. */
  readonly portTaken: boolean

  constructor(what: string, log: string) {
    super(`${what}\n${log.trimEnd().split('\n').slice(-20).join('\n')}`)
    this.name = 'ServerStartError'
    this.portTaken = /address already in use/i.test(log)
  }
}

/**
 * A server that can be stopped, killed, held and started again on the same ports and folder: a child process, or the process
 * of a container. It ends when this process ends.
 */
export class ServerProcess implements AsyncDisposable {
  readonly #spec: ServerSpec
  #run: Run | undefined

  private constructor(spec: ServerSpec) {
    this.#spec = spec
  }

  /** Runs the server and waits until it serves. A failed start leaves nothing behind. */
  static async start(spec: ServerSpec): Promise<ServerProcess> {
    const server = new ServerProcess(spec)
    try {
      await server.start()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The process id; throws when it does not run. */
  get pid(): number {
    if (this.#run?.running !== true) throw new Error(`${this.#spec.name} does not run.`)
    return this.#run.pid
  }

  get running(): boolean {
    return this.#run?.running === true
  }

  get folder(): string {
    return this.#spec.folder
  }

  /** Starts it again after `stop` or `kill`, with the same ports and data, and waits until it serves. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.#spec.name} runs already.`)
    const { name, image, folder, isReady, startTimeoutMs } = this.#spec
    const logFile = join(folder, logName)
    const before = await stat(logFile).then(
      ({ size }) => size,
      () => 0,
    )
    this.#run = await (image === undefined ? runChild(this.#spec) : runContainer(this.#spec, image))
    // A container's first program makes the file.
    const log = async (): Promise<string> =>
      (await readFile(logFile).catch(() => Buffer.alloc(0))).subarray(before).toString()
    const ready = await until(async () => !this.running || (await isReady(await log())), { withinMs: startTimeoutMs })
    if (!this.running) throw new ServerStartError(`${name} ended while starting:`, await log())
    if (ready) return
    await this.kill()
    throw new ServerStartError(`${name} was not ready within ${startTimeoutMs / 1000} s:`, await log())
  }

  /** From now on it goes on when this process ends. */
  release(): void {
    guard().forget(this.pid)
  }

  /** Asks it to end (SIGTERM), ends it by force after 10 s, and waits until it is gone. */
  async stop(): Promise<void> {
    if (!this.running) return
    this.#signal('SIGTERM')
    // A held process takes the signal only when it goes on.
    this.#signal('SIGCONT')
    if (await until(() => !this.running, { withinMs: stopTimeoutMs, everyMs: 20 })) return
    await this.kill()
  }

  /** Ends it by force (SIGKILL), as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.running) return
    this.#signal('SIGKILL')
    if (await until(() => !this.running, { withinMs: killTimeoutMs, everyMs: 10 })) return
    throw new Error(`${this.#spec.name} outlived SIGKILL for ${killTimeoutMs / 1000} s.`)
  }

  /** Holds it (SIGSTOP): its connections stay open and nothing answers. Returns when the system says that it is held. */
  async pause(): Promise<void> {
    const { pid } = this
    this.#signal('SIGSTOP')
    if (await until(async () => (await processState(pid))?.paused === true, { withinMs: 5000, everyMs: 5 })) return
    throw new Error(`${this.#spec.name} could not be held.`)
  }

  /** Lets a held one go on (SIGCONT). */
  resume(): void {
    this.#signal('SIGCONT')
  }

  #signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#spec.ownsFolder) return this.stop()
    // Nobody will miss what a tidy end would still write.
    await this.kill()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Tries again, on other ports, when a process that came in between took one. */
export async function onFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let left = 2; ; left -= 1) {
    try {
      return await start()
    } catch (error) {
      if (left === 0 || !(error instanceof ServerStartError) || !error.portTaken) throw error
    }
  }
}
