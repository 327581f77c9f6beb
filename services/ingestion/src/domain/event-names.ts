/** Events of the Segment e-commerce spec, by the name that a CloudEvents type carries (`com.example.order.completed.v1`). */
const canonicalNames: ReadonlyMap<string, string> = new Map(
  [
    'Products Searched',
    'Product List Viewed',
    'Product List Filtered',
    'Promotion Viewed',
    'Promotion Clicked',
    'Product Clicked',
    'Product Viewed',
    'Product Added',
    'Product Removed',
    'Cart Viewed',
    'Checkout Started',
    'Checkout Step Viewed',
    'Checkout Step Completed',
    'Payment Info Entered',
    'Order Completed',
    'Order Updated',
    'Order Refunded',
    'Order Cancelled',
    'Coupon Entered',
    'Coupon Applied',
    'Coupon Denied',
    'Coupon Removed',
    'Product Added to Wishlist',
    'Product Removed from Wishlist',
    'Wishlist Product Added to Cart',
    'Product Shared',
    'Cart Shared',
    'Product Reviewed',
  ].map((name) => [name.toLowerCase().replaceAll(' ', ''), name]),
)

const versionSuffix = /\.v?\d+(?:\.\d+)*$/i

/**
 * The event name of a CloudEvents type: the e-commerce event that its last parts spell (`com.example.product.viewed`,
 * `shop/order-completed.v2`, `Order Completed`), otherwise the type as it is.
 */
export function eventNameOfType(type: string): string {
  const parts = type
    .replace(versionSuffix, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  for (let start = Math.max(0, parts.length - 6); start < parts.length; start++) {
    const name = canonicalNames.get(parts.slice(start).join(''))
    if (name !== undefined) return name
  }
  return type
}
