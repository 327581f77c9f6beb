import { describeGroupsV5, listGroupsV4 } from '@platformatic/kafka'
import { Cluster } from '../cluster.ts'

/** The groups of a cluster of one broker that have a member with this client id. */
export async function groupsOfClient(brokers: readonly string[], clientId: string): Promise<readonly string[]> {
  const cluster = new Cluster({ brokers })
  try {
    const { groups: listed } = await cluster.toAny(listGroupsV4.api, [[], []])
    const names = listed.map(({ groupId }) => groupId)
    const { groups } = await cluster.toAny(describeGroupsV5.api, [names, false])
    return groups
      .filter(({ members }) => members.some((member) => member.clientId === clientId))
      .map(({ groupId }) => groupId)
  } finally {
    cluster.close()
  }
}
