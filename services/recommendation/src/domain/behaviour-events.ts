/** Names of the Segment e-commerce spec that recommendation gives a meaning. */
export const viewed = 'Product Viewed'
export const clicked = 'Product Clicked'
export const added = 'Product Added'
export const wished = 'Product Added to Wishlist'
export const bought = 'Order Completed'
export const reviewed = 'Product Reviewed'

/** Interaction strength by event, where no model says otherwise. */
export const defaultEventWeights: ReadonlyMap<string, number> = new Map([
  [viewed, 1],
  [clicked, 1],
  [wished, 2],
  [added, 3],
  [bought, 5],
  [reviewed, 2],
])
