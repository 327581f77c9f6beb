import { EventSchema, eventKey, type Event } from '@rapport/contracts'
import { decodeUtf8 } from '@rapport/core'
import { Compile } from 'typebox/compile'

const schema = Compile(EventSchema)

/** The event of a record; undefined for what is none, or stands under another's key. */
export function readEvent(key: string, value: Uint8Array): Event | undefined {
  const text = decodeUtf8(value)
  if (text === undefined) return undefined
  try {
    const event: unknown = JSON.parse(text)
    return schema.Check(event) && eventKey(event) === key ? event : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What a record's key says of its tenant; empty where it says nothing. */
export const tenantOfKey = (key: string): string => key.slice(0, Math.max(0, key.indexOf('/')))
