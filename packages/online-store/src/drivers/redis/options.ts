import { backoffMs, type Log } from '@rapport/core'
import type { RedisOptions } from 'ioredis'
import { OnlineStoreInputError } from '../../errors.ts'
import { isAnswerOf } from './server-errors.ts'

export interface RedisTlsOptions {
  /** Certificates of the authorities that are trusted, as PEM. Default: those of Node. */
  readonly ca?: string
}

export interface RedisOnlineStoreOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS; user and password percent-encoded. Of a cluster,
   * which is recognised by itself, one node or several separated by commas; user and password of the first hold for all.
   */
  readonly url: string
  /**
   * Another server or cluster for cached values, in the form of `url`. It may evict whatever it likes. While it is away
   * nothing is found in it and nothing kept.
   */
  readonly cacheUrl?: string
  readonly log: Log
  readonly tls?: RedisTlsOptions
  /** Default 2000. */
  readonly connectTimeoutMs?: number
  /**
   * How long a command may take, default 1000. A call fails after at most twice that; `apply` also waits until it is its
   * turn among the applications of the process.
   */
  readonly commandTimeoutMs?: number
  /** How many replicas must have a write of state or of a document before it counts as durable (WAIT). Default 0. */
  readonly minReplicas?: number
}

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ConnectionSettings {
  readonly addresses: readonly [Address, ...Address[]]
  /** Of every connection. */
  readonly redis: RedisOptions
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly minReplicas: number
}

const DEFAULT_PORT = 6379
const refuse = (reason: string): never => {
  throw new OnlineStoreInputError('url', reason)
}

/** The messages never repeat the URL: it may hold a password. */
function parseUrl(text: string): URL {
  const url = URL.parse(text.trim())
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:'))
    return refuse('must be of the form redis://[user:password@]host[:port] or rediss://…')
  if (url.hostname === '') return refuse('must name a host')
  if (!/^\/?\d*$/.test(url.pathname)) return refuse("'s path must be the number of a database")
  return url
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse("'s user and password must be percent-encoded")
  }
}

const addressOf = ({ hostname, port }: URL): Address => ({
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: port === '' ? DEFAULT_PORT : Number(port),
})

/** Time before try `attempt` + 1 to connect again: short at first, and never the same for two processes. */
export const reconnectDelayMs = (attempt: number): number =>
  20 + Math.round(backoffMs(Math.min(attempt, 10), { baseMs: 100, maxMs: 2000 }))

/**
 * Settings of the client: nothing waits in a queue while there is no connection, and nothing is sent a second time.
 * @throws OnlineStoreInputError naming the option.
 */
export function readSettings(options: RedisOnlineStoreOptions): ConnectionSettings {
  const { tls, connectTimeoutMs = 2000, commandTimeoutMs = 1000, minReplicas = 0 } = options
  for (const [name, value] of Object.entries({ connectTimeoutMs, commandTimeoutMs }))
    if (!(value > 0 && Number.isFinite(value))) throw new OnlineStoreInputError(name, 'must be positive and finite')
  if (!Number.isSafeInteger(minReplicas) || minReplicas < 0)
    throw new OnlineStoreInputError('minReplicas', 'must be a non-negative integer')
  const [first, ...others] = options.url.split(',')
  const url = parseUrl(first ?? '')
  if (tls !== undefined && url.protocol !== 'rediss:')
    throw new OnlineStoreInputError('tls', 'is given for a URL without TLS: it must begin with rediss://')
  const username = decodePart(url.username)
  const password = decodePart(url.password)
  const redis: RedisOptions = {
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    connectionName: 'rapport',
    disableClientInfo: true,
    keepAlive: 10_000,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A primary that has become a replica behind a name that leads to the new one by now.
    reconnectOnError: (error) => isAnswerOf(error, 'READONLY'),
    db: Number(url.pathname.slice(1)),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(url.protocol === 'rediss:' ? { tls: { ...tls } } : {}),
  }
  const addresses = [addressOf(url), ...others.map((other) => addressOf(parseUrl(other)))] as const
  return { addresses: [addresses[0], ...addresses.slice(1)], redis, connectTimeoutMs, commandTimeoutMs, minReplicas }
}

/** As `readSettings`, for the server of cached values; certificates are only for where TLS is spoken. */
export function readCacheSettings(options: RedisOnlineStoreOptions, cacheUrl: string): ConnectionSettings {
  const { tls, minReplicas: _, ...others } = options
  const hasTls = cacheUrl.trim().startsWith('rediss:') && tls !== undefined
  return readSettings({ ...others, url: cacheUrl, ...(hasTls ? { tls } : {}) })
}
