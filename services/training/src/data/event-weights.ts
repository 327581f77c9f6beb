/** Interaction strength by event: the names of the Segment e-commerce spec that say something about taste. */
export const eventWeights = {
  'Product Viewed': 1,
  'Product Clicked': 1,
  'Product Added to Wishlist': 2,
  'Product Reviewed': 2,
  'Product Added': 3,
  'Order Completed': 5,
} as const satisfies Record<string, number>

export const weightedEvents: readonly string[] = Object.keys(eventWeights)
const weights: readonly number[] = Object.values(eventWeights)

/** Index of an event's name; undefined when it says nothing about taste. */
export function kindOf(event: string | undefined): number | undefined {
  const kind = event === undefined ? -1 : weightedEvents.indexOf(event)
  return kind === -1 ? undefined : kind
}

export const weightOfKind = (kind: number): number => weights[kind] ?? 0

export const viewKinds: ReadonlySet<number> = new Set(
  ['Product Viewed', 'Product Clicked'].map((event) => weightedEvents.indexOf(event)),
)
export const purchaseKinds: ReadonlySet<number> = new Set([weightedEvents.indexOf('Order Completed')])
