import { topics } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'

export interface AccessDependencies {
  readonly objectStore: ObjectStore
  readonly eventLog: EventLog
  readonly clock: Clock
  readonly log: Log
}

/**
 * Tells every process to read the tenant's record again. The record itself is the truth and polling finds it too; so an
 * announcement that fails is logged, and does not take back what stands (a new key's text would be lost).
 */
export function announceAccess(dependencies: AccessDependencies, tenant: string): Promise<void> {
  const changedAt = new Date(dependencies.clock.now()).toISOString()
  return announce(dependencies, tenant, Buffer.from(JSON.stringify({ tenant, changedAt })))
}

/** Tells every process that the tenant's record is gone. */
export const announceNoAccess = (dependencies: AccessDependencies, tenant: string): Promise<void> =>
  announce(dependencies, tenant, null)

async function announce({ eventLog, log }: AccessDependencies, tenant: string, value: Buffer | null): Promise<void> {
  try {
    await eventLog.publish([{ topic: topics.access.name, key: tenant, value }])
  } catch (error) {
    log.warn({ err: error, tenant }, 'a change of access was not announced; processes will find it by polling')
  }
}
