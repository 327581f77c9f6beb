import { connect } from './connection.ts'
import { CacheServer } from './cache-server.ts'
import { readCacheSettings, readSettings, type RedisOnlineStoreOptions } from './options.ts'
import { RedisOnlineStore } from './redis-online-store.ts'

export { StoreConfigurationError } from './check-server.ts'
export { connectRedisFencedLock, type RedisFencedLock } from './fenced-lock.ts'
export type { RedisOnlineStoreOptions, RedisTlsOptions } from './options.ts'
export type { RedisOnlineStore } from './redis-online-store.ts'

/**
 * Connects to the online store on Redis 6.2 or newer, one server or a cluster.
 *
 * **Durability.** A write counts as durable when the server has answered; what that is worth is the server's
 * configuration: `appendonly yes` with `appendfsync always` survives a crash of the machine, with `everysec` the last
 * second may be lost, and a failover loses what the replica had not received. `minReplicas` makes a write wait for so many
 * replicas (WAIT), which makes that loss rare, not impossible. Consumers rewind after every reconnect, and the marks, which
 * are lost together with the effects, let what was lost be applied again.
 *
 * **Atomicity.** Each application is one script in its entity's slot; one of more than 4,000 changes is several, each with
 * its own mark, so that a server is never held up for long. On one server the applications of a call take effect in
 * order, so that whoever sees the last sees all. On a cluster that holds for the entities of one node; nodes are written
 * side by side. Readers see each entity's state as of one moment, its tallies as of that or a later one.
 *
 * **When it fails.** A call fails within twice `commandTimeoutMs`: at once while there is no connection, and at once for
 * about half a second after three calls in a row went unanswered. Connections are made again by themselves, after a random time
 * of up to 2 s. When the memory is full, writes of state fail with `StoreUnavailableError` and cached values are dropped.
 *
 * **Eviction.** `maxmemory-policy` must be `noeviction` or `volatile-*`: state has no time to live and stays. A server for
 * cached values alone (`cacheUrl`) may have any policy.
 *
 * **Rights.** All keys start with `rpt:{`. The least that a user needs is in `rights.ts`, and for operators in
 * `docs/redis.md`.
 * @throws StoreUnavailableError when it cannot be reached; the call may be made again.
 * @throws StoreConfigurationError when it refuses the user, or its eviction policy would lose state.
 * @throws OnlineStoreInputError naming the option that is wrong.
 */
export async function connectRedisOnlineStore(options: RedisOnlineStoreOptions): Promise<RedisOnlineStore> {
  const { log, cacheUrl } = options
  const settings = readSettings(options)
  await using stack = new AsyncDisposableStack()
  const cacheServer =
    cacheUrl === undefined ? undefined : stack.use(await CacheServer.open(readCacheSettings(options, cacheUrl), log))
  const connection = await connect(settings, log)
  stack.move()
  return new RedisOnlineStore(connection, settings, { log, cacheServer })
}
