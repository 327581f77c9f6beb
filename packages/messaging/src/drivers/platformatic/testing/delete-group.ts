import { Admin } from '@platformatic/kafka'

/**
 * Has Kafka forget how far a group has read, as `kafka-consumer-groups.sh --delete` does. @throws while the group has
 * members.
 */
export async function deleteGroup(brokers: readonly string[], group: string): Promise<void> {
  const admin = new Admin({ clientId: 'rapport-test', bootstrapBrokers: [...brokers], retries: 0 })
  try {
    await admin.deleteGroups({ groups: [group] })
  } finally {
    await admin.close()
  }
}
