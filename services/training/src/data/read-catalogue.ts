import { type Item, ItemSchema, topics } from '@rapport/contracts'
import { type ObjectStore, readArchive } from '@rapport/object-store'
import { Compile } from 'typebox/compile'

const itemCheck = Compile(ItemSchema)

/** The newest version of every archived item of a tenant, by id; deleted ones are left out. */
export async function readCatalogue(objects: ObjectStore, tenant: string): Promise<ReadonlyMap<string, Item>> {
  const newest = new Map<string, Item>()
  for await (const { value } of readArchive(objects, tenant, topics.items.name)) {
    if (!itemCheck.Check(value) || value.tenant !== tenant) continue
    const standing = newest.get(value.id)
    if (standing === undefined || value.version > standing.version) newest.set(value.id, value)
  }
  return new Map([...newest].filter(([, item]) => item.deleted !== true))
}
