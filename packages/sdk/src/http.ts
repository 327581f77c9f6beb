import type { ErrorBody } from '@rapport/contracts'
import { RapportApiError, RapportConnectionError } from './errors.ts'

export interface HttpOptions {
  /** Where the platform is, for instance `https://rapport.example.com`. */
  readonly url: string
  /** An API key; it says which tenant calls. */
  readonly key: string
  /** Attempts after the first, on 429, 502, 503, 504 and broken connections. Default 5. */
  readonly retries?: number
  /** Of one attempt. Default 30 s. */
  readonly timeoutMs?: number
  /** Defaults to the global one. */
  readonly fetch?: typeof fetch
}

/** Bytes that are sent while they are read. */
export type StreamBody = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Texts, bytes and streams go as they are, everything else as JSON. A stream is sent once, whatever comes back. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** A POST that does the same when it is done twice: it is sent again after a broken connection. */
  readonly repeatable?: boolean
  readonly signal?: AbortSignal | undefined
  /** Of one attempt, in place of the client's. */
  readonly timeoutMs?: number
}

/** Calls the API, retries what may be tried again, and turns an error body into a `RapportApiError`. */
export class HttpClient {
  readonly #options: HttpOptions
  readonly #fetch: typeof fetch

  constructor(options: HttpOptions) {
    this.#options = options
    this.#fetch = options.fetch ?? fetch
  }

  /** The answer as JSON; undefined when it has no body. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.send(call)
    return (response.status === 204 ? undefined : await response.json()) as T
  }

  /** @throws RapportApiError, RapportConnectionError; an abort by the caller's signal passes through. */
  async send(call: Call): Promise<Response> {
    const attempts = isStream(call.body) ? 1 : (this.#options.retries ?? 5) + 1
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(call)
      if (outcome instanceof Response && outcome.ok) return outcome
      const last = attempt === attempts
      if (!(outcome instanceof Response)) {
        if (last || !isRepeatable(call))
          throw new RapportConnectionError(`${call.method} ${call.path} got no answer`, { cause: outcome })
        await pause(backOffMs(attempt), call.signal)
        continue
      }
      if (last || !mayRetry(outcome.status)) throw await toApiError(outcome)
      await outcome.body?.cancel()
      await pause(retryAfterMs(outcome) ?? backOffMs(attempt), call.signal)
    }
  }

  /** The response, or the reason why there is none. */
  async #attempt(call: Call): Promise<Response | Error> {
    const { url, key } = this.#options
    const target = new URL(call.path, url)
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, String(value))
    }
    const timeout = AbortSignal.timeout(call.timeoutMs ?? this.#options.timeoutMs ?? 30_000)
    try {
      return await this.#fetch(target, {
        method: call.method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...toFetchBody(call.body),
        signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      })
    } catch (error) {
      call.signal?.throwIfAborted()
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

const isStream = (body: unknown): body is StreamBody =>
  body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)

function toFetchBody(body: unknown): RequestInit & { readonly duplex?: 'half' } {
  if (body === undefined) return {}
  if (typeof body === 'string') return { body }
  if (body instanceof Uint8Array) return { body: body as Uint8Array<ArrayBuffer> }
  if (!isStream(body)) return { body: JSON.stringify(body) }
  // Without these two, Node's fetch keeps everything that it sends, in case that a redirect asks for it again.
  return { body: toStream(body), duplex: 'half', window: null, redirect: 'error' }
}

function toStream(body: StreamBody): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body
  const iterator = body[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

const isRepeatable = ({ method, repeatable }: Call): boolean => repeatable ?? (method !== 'POST' && method !== 'PATCH')

const mayRetry = (status: number): boolean => status === 429 || status === 502 || status === 503 || status === 504

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 60) * 1000 : undefined
}

/** Exponential from 100 ms to 5 s, with full jitter. */
const backOffMs = (attempt: number): number => Math.random() * Math.min(5000, 100 * 2 ** attempt)

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

async function toApiError(response: Response): Promise<RapportApiError> {
  const text = await response.text()
  try {
    return new RapportApiError(response.status, (JSON.parse(text) as Partial<ErrorBody>).error)
  } catch {
    return new RapportApiError(response.status, undefined)
  }
}
