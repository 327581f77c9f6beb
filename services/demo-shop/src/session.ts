import type { BatchEvent } from '@rapport/sdk'
import type { Product } from './catalogue.ts'
import { Random } from './random.ts'
import { writeReview } from './reviews.ts'
import { writeTicket } from './tickets.ts'
import type { Visitor } from './visitors.ts'
import { affinity } from './visitors.ts'

export interface ShopEvent {
  readonly atMs: number
  readonly event: BatchEvent
}

export interface SessionOptions {
  readonly visitor: Visitor
  readonly products: readonly Product[]
  readonly random: Random
  readonly startMs: number
  /** Names the session's events, so that the same session sent twice counts once. */
  readonly sessionId: string
}

const stepMs = { low: 8_000, high: 90_000 }
/** Of an order. */
const ticketChance = 0.08

/** One visit: looks at some products, puts some into the cart, perhaps orders, and now and then reviews what was ordered or writes to the shop about it. */
export function simulateSession(options: SessionOptions): readonly ShopEvent[] {
  const { visitor, random } = options
  const visit = new Visit(options)
  // Visitors sign in on about every second visit; before that only the browser is known.
  const signedIn = random.chance(0.6)
  if (signedIn) visit.identify()
  else visit.page()
  const cart: Product[] = []
  const views = random.integer(2, 9)
  for (let view = 0; view < views; view += 1) {
    const product = visit.choose()
    visit.track('Product Viewed', product)
    const liking = Math.min(1, 3 * affinity(visitor, product))
    if (!random.chance(0.08 + 0.4 * liking)) continue
    cart.push(product)
    visit.track('Product Added', product)
  }
  if (cart.length === 0 || !random.chance(0.55)) return visit.events
  if (!signedIn) visit.identify()
  visit.order(cart)
  for (const product of cart) if (random.chance(0.25)) visit.review(product)
  visit.perhapsWrite(cart)
  return visit.events
}

/** Writes down what a visitor does, one step after another. */
class Visit {
  readonly events: ShopEvent[] = []
  readonly #options: SessionOptions
  readonly #weights: readonly number[]
  #nowMs: number
  #identified = false

  constructor(options: SessionOptions) {
    const { visitor, products, random, startMs } = options
    this.#options = options
    this.#nowMs = startMs
    // A visit has one errand: mostly a department that the visitor likes.
    const errand = random.weighted(visitor.departmentTaste)
    this.#weights = products.map(
      (product) =>
        (affinity(visitor, product) + 0.002) * Math.sqrt(product.fame) * (product.department === errand ? 4 : 1),
    )
  }

  choose(): Product {
    const { random, products } = this.#options
    const product = products[random.weighted(this.#weights)]
    if (product === undefined) throw new RangeError('the shop is empty')
    return product
  }

  identify(): void {
    const { visitor } = this.#options
    this.#identified = true
    this.#add({
      type: 'identify',
      userId: visitor.userId,
      anonymousId: visitor.anonymousId,
      traits: { name: visitor.name, language: visitor.language },
    })
  }

  page(): void {
    this.#add({ type: 'page', anonymousId: this.#options.visitor.anonymousId, name: 'Home' })
  }

  track(event: string, product: Product): void {
    this.#add({
      type: 'track',
      ...this.#who(),
      event,
      properties: { product_id: product.id, price: product.price, currency: 'EUR' },
    })
  }

  order(cart: readonly Product[]): void {
    const quantities = new Map<Product, number>()
    for (const product of cart) quantities.set(product, (quantities.get(product) ?? 0) + 1)
    const products = [...quantities].map(([{ id, price }, quantity]) => ({ product_id: id, price, quantity }))
    const totalCents = products.reduce((sum, { price, quantity }) => sum + Math.round(price * 100) * quantity, 0)
    this.#add({
      type: 'track',
      ...this.#who(),
      event: 'Order Completed',
      properties: { order_id: `order-${this.#options.sessionId}`, total: totalCents / 100, currency: 'EUR', products },
    })
  }

  review(product: Product): void {
    const { visitor, random } = this.#options
    const liking = Math.min(1, 3 * affinity(visitor, product))
    this.#add({
      type: 'track',
      ...this.#who(),
      event: 'Product Reviewed',
      properties: { product_id: product.id, ...writeReview(visitor.language, liking, random) },
    })
  }

  /** By dice of the visit's own: whoever writes, does, sees and buys what they would have without. */
  perhapsWrite(cart: readonly Product[]): void {
    const { visitor, startMs } = this.#options
    const dice = new Random(startMs & 0x7fffffff)
    // The first numbers of neighbouring seeds resemble each other.
    for (let draw = 0; draw < 16; draw += 1) dice.float()
    if (!dice.chance(ticketChance)) return
    const { id } = dice.pick(cart)
    this.#add({
      type: 'track',
      ...this.#who(),
      event: 'Support Ticket Created',
      properties: {
        ticket_id: `ticket-${this.#options.sessionId}`,
        product_id: id,
        ...writeTicket(visitor.language, dice),
      },
    })
  }

  #who(): { userId: string } | { anonymousId: string } {
    const { userId, anonymousId } = this.#options.visitor
    return this.#identified ? { userId } : { anonymousId }
  }

  #add(event: BatchEvent): void {
    const { sessionId, random } = this.#options
    const messageId = `${sessionId}-${this.events.length + 1}`
    this.events.push({
      atMs: this.#nowMs,
      event: { ...event, messageId, timestamp: new Date(this.#nowMs).toISOString() },
    })
    this.#nowMs += random.between(stepMs.low, stepMs.high)
  }
}
