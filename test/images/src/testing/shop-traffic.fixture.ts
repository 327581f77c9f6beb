import { createHistory, type Shop } from '@rapport/demo-shop'
import type { BatchEvent } from '@rapport/sdk'
import type { ProducedEvent } from '@rapport/test-resilience'

/** What visitors write is for services that read texts. */
const isText = (event: BatchEvent): boolean =>
  event.type === 'track' && ['Product Reviewed', 'Support Ticket Created'].includes(event.event)

/** A day of the demo shop's visits, dealt out to so many sources; when it is over, it is played again under other ids. */
export function shopTraffic(shop: Shop, sources: number): (source: number, sequence: number) => ProducedEvent {
  const day = createHistory(shop, { endMs: Date.now(), days: 1 })
    .map(({ event }) => event)
    .filter((event) => !isText(event))
  return (source, sequence) => {
    const at = sequence * sources + source
    const event = day[at % day.length]
    if (event?.messageId === undefined) throw new RangeError('the shop had no visits')
    return { ...event, messageId: `${Math.floor(at / day.length)}-${event.messageId}` }
  }
}
