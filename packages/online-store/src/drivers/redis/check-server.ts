import { RapportError } from '@rapport/core'
import type { Redis } from 'ioredis'
import { toStoreError } from './server-errors.ts'

/** The server is set up in a way in which state would be lost; starting again without a change is of no use. */
export class StoreConfigurationError extends RapportError {
  override readonly name = 'StoreConfigurationError'

  constructor(message: string, options: ErrorOptions = {}) {
    super('RPT_ONLINE_STORE_CONFIGURATION', message, options)
  }
}

export interface ServerFacts {
  readonly isCluster: boolean
  /** Of the keys that go when the memory is full. */
  readonly evictionPolicy: string
}

const fieldOf = (info: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]

/** From INFO, which more users may ask for than CONFIG. */
export async function readFacts(redis: Redis): Promise<ServerFacts> {
  try {
    const [memory, cluster] = await Promise.all([redis.info('memory'), redis.info('cluster')])
    const evictionPolicy = fieldOf(memory, 'maxmemory_policy') ?? (await policyOfConfiguration(redis))
    return { isCluster: fieldOf(cluster, 'cluster_enabled') === '1', evictionPolicy }
  } catch (error) {
    throw toStoreError('say how it is set up', error)
  }
}

async function policyOfConfiguration(redis: Redis): Promise<string> {
  const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as string[]
  return policy ?? 'unknown'
}

/**
 * State has no time to live, cached values have one: only policies that spare keys without one are safe.
 * @throws StoreConfigurationError naming the policy.
 */
export function checkPolicy({ evictionPolicy }: ServerFacts, server: string): void {
  if (evictionPolicy === 'noeviction' || evictionPolicy.startsWith('volatile-')) return
  throw new StoreConfigurationError(
    `the Redis server ${server} has maxmemory-policy ${evictionPolicy}, which would evict state: set volatile-lru, another volatile-* policy or noeviction`,
  )
}
