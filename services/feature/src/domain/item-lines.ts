import { itemCandidates, limits, readItemId } from '@rapport/features'
import { readNumber, toMinorUnits } from './money.ts'

/** One item of an event, with everything that the event's lines say of it added up. */
export interface ItemLine {
  readonly itemId: string
  /** Whole units; 1 when the event does not say. */
  readonly quantity: number
  /** Minor units of the event's currency; undefined when no line has a price, or prices do not matter. */
  readonly amountMinor: number | undefined
}

type JsonObject = Readonly<Record<string, unknown>>

const largestQuantity = 1_000_000

/** The items of an event, every item once, at most 1,000. Prices are read when a currency is given. */
export function itemLines(properties: JsonObject | undefined, currency?: string): readonly ItemLine[] {
  if (properties === undefined) return []
  const lines = new Map<string, ItemLine>()
  for (const candidate of itemCandidates(properties)) {
    if (lines.size >= limits.itemsOfAnEvent) break
    const itemId = readItemId(candidate)
    if (itemId === undefined) continue
    lines.set(itemId, addLine(lines.get(itemId), { itemId, line: candidate as JsonObject, currency }))
  }
  return [...lines.values()]
}

function addLine(
  standing: ItemLine | undefined,
  { itemId, line, currency }: { itemId: string; line: JsonObject; currency: string | undefined },
): ItemLine {
  const quantity = readQuantity(line['quantity'])
  const price = currency === undefined ? undefined : readNumber(line['price'])
  const amount = price === undefined || currency === undefined ? undefined : toMinorUnits(price * quantity, currency)
  if (standing === undefined) return { itemId, quantity, amountMinor: amount }
  return {
    itemId,
    quantity: standing.quantity + quantity,
    amountMinor: amount === undefined ? standing.amountMinor : (standing.amountMinor ?? 0) + amount,
  }
}

function readQuantity(value: unknown): number {
  const quantity = readNumber(value)
  return quantity === undefined || quantity < 1 || quantity > largestQuantity ? 1 : Math.round(quantity)
}
