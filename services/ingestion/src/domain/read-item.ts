import { ItemSchema, type Item } from '@rapport/contracts'
import { Compile } from 'typebox/compile'

const schema = Compile(ItemSchema)

/** The item of a record of `rapport.items.v1`; undefined for what is none. */
export function readItem(value: Uint8Array): Item | undefined {
  try {
    const item: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return schema.Check(item) ? item : undefined
  } catch {
    // Not JSON, hence nobody's item.
    return undefined
  }
}
