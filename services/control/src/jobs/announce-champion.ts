import { topics, type ModelAliasChange } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ModelStore } from '@rapport/model-store'

/** Publishes a change of an alias to every process that serves models. */
export async function announceAlias(eventLog: EventLog, change: ModelAliasChange): Promise<void> {
  const key = `${change.tenant}/${change.name}/${change.alias}`
  await eventLog.publish([{ topic: topics.models.name, key, value: Buffer.from(JSON.stringify(change)) }])
}

/**
 * Announces what a model's champion names now, for an alias that was moved by a process without an event log. Serving
 * processes poll aliases too, so a failure is only logged.
 */
export async function announceChampion(
  { eventLog, models, log }: { eventLog: EventLog; models: ModelStore; log: Log },
  ref: { readonly tenant: string; readonly model: string },
): Promise<void> {
  const { tenant, model: name } = ref
  try {
    const standing = await models.readAlias({ tenant, name, alias: 'champion' })
    if (standing === undefined) return
    const { version, revision } = standing
    await announceAlias(eventLog, { tenant, name, alias: 'champion', version, revision })
  } catch (error) {
    log.warn({ err: error, tenant, model: name }, 'a new champion was not announced; processes will find it by polling')
  }
}
