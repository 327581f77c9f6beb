import { redisRights } from '../../packages/online-store/src/drivers/redis/rights.ts'

/** The command that makes the user, and what else it needs where. */
export const rightsOnRedis = (): string =>
  [
    '```',
    `ACL SETUSER rapport on >PASSWORD ${redisRights.always}`,
    '```',
    '',
    `- on a cluster, on every node, also \`${redisRights.cluster}\``,
    `- with \`RAPPORT_REDIS_MIN_REPLICAS\` also \`${redisRights.replicas}\``,
    `- with the number of a database in the URL also \`${redisRights.database}\``,
    '',
  ].join('\n')
