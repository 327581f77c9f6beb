import { setTimeout } from 'node:timers/promises'
import type { Logger } from '@rapport/service-kit'

export interface UpstreamOptions {
  /** By service. */
  readonly urls: Readonly<Record<string, readonly string[]>>
  readonly probeMs: number
  readonly log: Logger
}

/** One process behind the gateway. */
export interface Upstream {
  readonly service: string
  /** Scheme, host and port. */
  readonly origin: string
  isReady: boolean
  /** Probes in a row that have not been answered in time. */
  missedProbes: number
  /** Calls that have not ended. */
  readonly inFlight: Set<object>
}

/** An answer to a probe that takes longer counts as none. */
const probeTimeoutMs = 2_000
/** A ready process of which so many are missing is not: when this one was held up itself, every answer comes late once. */
const mostMissedProbes = 3

/** Which processes there are and which of them are ready, by their own `/health/ready`. */
export class Upstreams implements AsyncDisposable {
  readonly all: readonly Upstream[]
  readonly #options: UpstreamOptions
  readonly #byService: ReadonlyMap<string, Upstream[]>
  readonly #stopping = new AbortController()
  readonly #probes: Promise<void>[] = []

  constructor(options: UpstreamOptions) {
    this.#options = options
    this.all = Object.entries(options.urls).flatMap(([service, urls]) =>
      [...new Set(urls.map((url) => new URL(url).origin))].map((origin) => ({
        service,
        origin,
        isReady: false,
        missedProbes: 0,
        inFlight: new Set(),
      })),
    )
    this.#byService = Map.groupBy(this.all, ({ service }) => service)
  }

  /** Asks every process once, and again and again from then on. Resolves when each has been asked. */
  async start(): Promise<void> {
    await Promise.all(
      this.all.map(async (upstream) => {
        await this.#probe(upstream)
        this.#probes.push(this.#watch(upstream))
      }),
    )
  }

  /** A ready process with the fewest calls in flight, none of `tried`; the longest not taken among equals. */
  pick(service: string, tried: ReadonlySet<Upstream>): Upstream | undefined {
    const candidates = this.#byService.get(service) ?? []
    let best: Upstream | undefined
    for (const upstream of candidates) {
      if (!upstream.isReady || tried.has(upstream)) continue
      if (best === undefined || upstream.inFlight.size < best.inFlight.size) best = upstream
    }
    if (best === undefined) return undefined
    candidates.push(...candidates.splice(candidates.indexOf(best), 1))
    return best
  }

  /** Whether the service has no other address. Behind it may be many processes (a Service of Kubernetes). */
  isOnly({ service }: Upstream): boolean {
    return this.#byService.get(service)?.length === 1
  }

  /** A call has found nobody there: it gets no further calls until it says itself that it is ready. */
  noteUnreachable(upstream: Upstream, cause: unknown): void {
    this.#set(upstream, false, cause)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#probes)
  }

  async #watch(upstream: Upstream): Promise<void> {
    const { signal } = this.#stopping
    while (await pause(this.#options.probeMs, signal)) await this.#probe(upstream)
  }

  async #probe(upstream: Upstream): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(probeTimeoutMs)])
    try {
      // An address may be that of several processes: a kept connection would ask the one that goes away, to its end.
      const headers = { connection: 'close' }
      const response = await fetch(new URL('/health/ready', upstream.origin), { headers, signal, redirect: 'error' })
      await response.arrayBuffer()
      upstream.missedProbes = 0
      this.#set(upstream, response.ok, `status ${response.status}`)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      upstream.missedProbes = isTimeout(error) ? upstream.missedProbes + 1 : mostMissedProbes
      if (upstream.missedProbes >= mostMissedProbes) this.#set(upstream, false, error)
    }
  }

  #set(upstream: Upstream, isReady: boolean, reason: unknown): void {
    if (upstream.isReady === isReady) return
    upstream.isReady = isReady
    const { service, origin } = upstream
    if (isReady) this.#options.log.info({ service, origin }, 'a process is ready')
    else this.#options.log.warn({ service, origin, err: reason }, 'a process is not ready and gets no calls')
  }
}

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError'

/** False when the wait was ended. */
const pause = (ms: number, signal: AbortSignal): Promise<boolean> =>
  setTimeout(ms, true, { signal, ref: false }).catch(() => false)
