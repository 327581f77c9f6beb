import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'

const pageSize = 500

/** The records that stand in a compacted topic, by key; those that `wants` refuses are left out. */
export async function readTable(
  eventLog: EventLog,
  topic: string,
  wants: (key: string) => boolean = () => true,
): Promise<Map<string, Uint8Array>> {
  const standing = new Map<string, Uint8Array>()
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topic)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic, partition, offset }, pageSize)
      for (const { key, value } of page) {
        if (!wants(key)) continue
        if (value === null) standing.delete(key)
        else standing.set(key, value)
      }
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return standing
}

/** Deletes a tenant's records, whose keys are `<tenant>/…`, from a compacted topic. */
export async function eraseRecords(eventLog: EventLog, topic: string, tenant: string): Promise<void> {
  const keys = [...(await readTable(eventLog, topic, (key) => key.startsWith(`${tenant}/`))).keys()]
  for (let start = 0; start < keys.length; start += pageSize) {
    const page = keys.slice(start, start + pageSize)
    await eventLog.publish(page.map((key) => ({ topic, key, value: null })))
  }
}

/** Deletes every object whose key starts with the prefix. */
export async function eraseObjects(objectStore: ObjectStore, prefix: string): Promise<void> {
  let keys: string[] = []
  for await (const { key } of objectStore.list(prefix)) {
    keys.push(key)
    if (keys.length < pageSize) continue
    await objectStore.delete(keys)
    keys = []
  }
  await objectStore.delete(keys)
}
