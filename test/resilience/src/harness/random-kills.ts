import { setTimeout } from 'node:timers/promises'
import { murmur2 } from '@rapport/core'
import type { ServiceProcess } from './service-process.ts'

/** Processes that may be away at once. */
const mostAway = 2
const lookEveryMs = 100

/** Numbers from 0 to below 1, the same ones for the same seed. */
export function seededRandom(seed: number): () => number {
  let count = 0
  return () => (murmur2(Buffer.from(`${seed} ${(count += 1)}`)) >>> 0) / 2 ** 32
}

/** One kill, in milliseconds of `performance.now()`. */
export interface Kill {
  readonly service: string
  readonly signalledMs: number
  readonly goneMs: number
  /** When it served again and the gateway knew; undefined before. */
  backMs?: number
}

export interface RandomKillsOptions {
  readonly victims: readonly ServiceProcess[]
  readonly random: () => number
  /** A process is back when this one sends calls to it. */
  readonly gateway: ServiceProcess
  /** A service of which one process is always there, so that each of its calls can be answered. */
  readonly keepsOne: string
}

const serviceOf = ({ name }: ServiceProcess): string => name.split(' ')[0] ?? ''

/** Kills processes chosen at random (SIGKILL); each is started again at once. */
export class RandomKills {
  readonly done: Kill[] = []
  readonly #options: RandomKillsOptions
  readonly #away = new Map<ServiceProcess, Promise<void>>()

  constructor(options: RandomKillsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.done.length
  }

  get byService(): Readonly<Record<string, number>> {
    const groups = Map.groupBy(this.done, ({ service }) => service)
    return Object.fromEntries([...groups].map(([service, kills]) => [service, kills.length]))
  }

  /** Resolves when the process is gone. */
  async killOne(): Promise<void> {
    while (this.#away.size >= mostAway) await Promise.race(this.#away.values())
    const there = this.#mayGo()
    const victim = there[Math.floor(this.#options.random() * there.length)]
    if (victim === undefined) throw new Error('there is nobody to kill')
    const signalledMs = performance.now()
    await victim.kill()
    if (victim.isRunning) throw new Error(`${victim.name} has outlived SIGKILL`)
    const kill: Kill = { service: serviceOf(victim), signalledMs, goneMs: performance.now() }
    this.done.push(kill)
    this.#away.set(victim, this.#bringBack(victim, kill))
  }

  /** Resolves when all that were killed serve again. */
  async allBack(): Promise<void> {
    await Promise.all(this.#away.values())
  }

  #mayGo(): ServiceProcess[] {
    const { victims, keepsOne } = this.#options
    const isOneAway = [...this.#away.keys()].some((victim) => serviceOf(victim) === keepsOne)
    return victims.filter((victim) => !this.#away.has(victim) && !(isOneAway && serviceOf(victim) === keepsOne))
  }

  async #bringBack(victim: ServiceProcess, kill: Kill): Promise<void> {
    await victim.start()
    while (!(await this.#getsCalls(victim))) await setTimeout(lookEveryMs)
    kill.backMs = performance.now()
    this.#away.delete(victim)
  }

  async #getsCalls(victim: ServiceProcess): Promise<boolean> {
    const { gateway } = this.#options
    if (victim === gateway) return true
    const labels = `service="${serviceOf(victim)}",upstream="${victim.url}"`
    // It may have been killed itself and be on its way.
    return (await gateway.metric(`rapport_gateway_upstream_ready{${labels}}`).catch(() => 0)) === 1
  }
}
