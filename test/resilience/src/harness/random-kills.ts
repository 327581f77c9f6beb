import { murmur2 } from '@rapport/core'
import type { ServiceProcess } from './service-process.ts'

/** Processes that may be away at once. */
const mostAway = 2

/** Numbers from 0 to below 1, the same ones for the same seed. */
export function seededRandom(seed: number): () => number {
  let count = 0
  return () => (murmur2(Buffer.from(`${seed} ${(count += 1)}`)) >>> 0) / 2 ** 32
}

/** Kills processes chosen at random (SIGKILL); each is started again at once. */
export class RandomKills {
  readonly #victims: readonly ServiceProcess[]
  readonly #random: () => number
  readonly #away = new Map<ServiceProcess, Promise<void>>()
  readonly #byService = new Map<string, number>()

  constructor(victims: readonly ServiceProcess[], random: () => number) {
    this.#victims = victims
    this.#random = random
  }

  get count(): number {
    return this.#byService.values().reduce((sum, count) => sum + count, 0)
  }

  get byService(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byService)
  }

  /** Resolves when the process is gone. */
  async killOne(): Promise<void> {
    while (this.#away.size >= mostAway) await Promise.race(this.#away.values())
    const there = this.#victims.filter((victim) => !this.#away.has(victim))
    const victim = there[Math.floor(this.#random() * there.length)]
    if (victim === undefined) throw new Error('there is nobody to kill')
    await victim.kill()
    if (victim.isRunning) throw new Error(`${victim.name} has outlived SIGKILL`)
    const [service = ''] = victim.name.split(' ')
    this.#byService.set(service, (this.#byService.get(service) ?? 0) + 1)
    const back = victim.start().then(() => this.#away.delete(victim))
    this.#away.set(
      victim,
      back.then(() => undefined),
    )
  }

  /** Resolves when all that were killed serve again. */
  async allBack(): Promise<void> {
    await Promise.all(this.#away.values())
  }
}
