import { featureGroup, topics } from '@rapport/contracts'
import { redisCommand } from '@rapport/infra'
import type { EventLog } from '@rapport/messaging'

/** A partition of which the online store has effects that the group has not committed. */
export interface Uncommitted {
  readonly partition: number
  /** The highest offset with an effect. */
  readonly applied: number
  /** The first offset that is not committed. */
  readonly committed: number
}

/** The highest mark of each partition over all users, as JSON. */
const marksScript = `
  local marks = {}
  for _, key in ipairs(redis.call('KEYS', 'rpt:{*:user:*}:state')) do
    for _, field in ipairs(redis.call('HKEYS', key)) do
      local partition = string.match(field, '^m(%d+):${topics.events.name.replaceAll('.', '%.')}$')
      if partition then
        marks[partition] = math.max(marks[partition] or -1, tonumber(redis.call('HGET', key, field)))
      end
    end
  end
  return cjson.encode(marks)`

export async function readUncommitted(eventLog: EventLog, redisPort: number): Promise<Uncommitted[]> {
  const marks = JSON.parse(await redisCommand(redisPort, 'EVAL', marksScript, '0')) as Record<string, number>
  const checkpoints = await eventLog.checkpoints(featureGroup, topics.events.name)
  return Object.entries(marks).flatMap(([name, applied]) => {
    const partition = Number(name)
    const committed = checkpoints.get(partition)?.nextOffset ?? 0
    return applied >= committed ? [{ partition, applied, committed }] : []
  })
}
