import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { existingFile } from './existing-file.ts'
import type { ImportFile, ImportRow } from './import-row.ts'
import { rejected } from './import-row.ts'
import { parseTime } from './parse-time.ts'
import type { ReadOptions } from './read-table.ts'
import { readCsv } from './read-table.ts'

/** The data set covers the calendar year 2017; its demographics have no times of their own. */
const yearStart = '2017-01-01T00:00:00.000Z'

/**
 * completejourney: products as items, households' demographics as traits, the rows of a basket as one `Order Completed`,
 * coupon redemptions as `Coupon Applied`. A basket's rows may lie anywhere in the file, so baskets are held in memory
 * until its end (about 100 bytes a row).
 */
export async function completejourney(folder: string): Promise<readonly ImportFile[]> {
  const names = await readdir(folder)
  const transactions = names.find((name) => /^transactions.*\.csv(\.gz)?$/.test(name))
  if (transactions === undefined) throw new Error(`${folder} holds no transactions*.csv`)
  const parts = [
    { part: 'items', path: await existingFile(folder, 'products.csv'), rows: products },
    { part: 'households', path: await existingFile(folder, 'demographics.csv'), rows: households },
    { part: 'orders', path: join(folder, transactions), rows: baskets },
    { part: 'coupons', path: await existingFile(folder, 'coupon_redemptions.csv'), rows: redemptions },
  ]
  return parts.map(({ part, path, rows }) => ({ part, path, rows: (options) => rows(path, options) }))
}

async function* products(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, fields } of readCsv(path, { ...options, columns: ['product_id'] })) {
    const id = fields['product_id']
    if (!id) {
      yield rejected(line, 'product_id is empty')
      continue
    }
    const { department, product_category: category, product_type: type, brand, package_size: size } = fields
    const categories = [department, category].filter((name): name is string => Boolean(name))
    yield {
      kind: 'item',
      line,
      id,
      body: {
        title: type || category || department || id,
        ...(categories.length > 0 && { categories }),
        ...(brand && { brand }),
        attributes: { ...(size && { packageSize: size }), manufacturer: fields['manufacturer_id'] ?? '' },
      },
    }
  }
}

async function* households(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, fields } of readCsv(path, { ...options, columns: ['household_id'] })) {
    const { household_id: id, ...traits } = fields
    if (!id) {
      yield rejected(line, 'household_id is empty')
      continue
    }
    const event = { type: 'identify' as const, messageId: `completejourney-household-${id}`, userId: id }
    yield { kind: 'event', line, event: { ...event, timestamp: yearStart, traits } }
  }
}

interface Basket {
  readonly line: number
  readonly household: string
  readonly atMs: number
  readonly products: { product_id: string; quantity: number; price: number }[]
  totalCents: number
}

async function* baskets(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  const byId = new Map<string, Basket>()
  for await (const { line, fields } of readCsv(path, {
    ...options,
    columns: ['household_id', 'basket_id', 'product_id', 'quantity', 'sales_value', 'transaction_timestamp'],
  })) {
    const { household_id: household, basket_id: id, product_id: product } = fields
    const quantity = Number(fields['quantity'])
    const sales = Number(fields['sales_value'])
    const atMs = parseTime(fields['transaction_timestamp'] ?? '')
    if (!household || !id || !product || Number.isNaN(atMs)) {
      yield rejected(line, 'household_id, basket_id, product_id or transaction_timestamp is missing or wrong')
    } else if (!(quantity > 0) || !(sales >= 0)) {
      yield rejected(line, `quantity is not above 0 or sales_value is below 0: ${quantity}, ${sales}`)
    } else {
      const basket = byId.get(id) ?? { line, household, atMs, products: [], totalCents: 0 }
      basket.products.push({ product_id: product, quantity, price: Math.round((sales / quantity) * 100) / 100 })
      basket.totalCents += Math.round(sales * 100)
      byId.set(id, basket)
    }
  }
  for (const [id, basket] of byId) yield toOrder(id, basket)
}

function toOrder(id: string, { line, household, atMs, products, totalCents }: Basket): ImportRow {
  return {
    kind: 'event',
    line,
    event: {
      type: 'track',
      messageId: `completejourney-basket-${id}`,
      userId: household,
      event: 'Order Completed',
      timestamp: new Date(atMs).toISOString(),
      properties: { order_id: id, total: totalCents / 100, currency: 'USD', products },
    },
  }
}

async function* redemptions(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, fields } of readCsv(path, {
    ...options,
    columns: ['household_id', 'coupon_upc', 'redemption_date'],
  })) {
    const { household_id: household, coupon_upc: coupon, campaign_id: campaign, redemption_date: date } = fields
    const atMs = parseTime(date ?? '')
    if (!household || !coupon || Number.isNaN(atMs)) {
      yield rejected(line, 'household_id, coupon_upc or redemption_date is missing or wrong')
      continue
    }
    yield {
      kind: 'event',
      line,
      event: {
        type: 'track',
        messageId: `completejourney-coupon-${household}-${coupon}-${campaign}-${date}`,
        userId: household,
        event: 'Coupon Applied',
        timestamp: new Date(atMs).toISOString(),
        properties: { coupon_id: coupon, campaign },
      },
    }
  }
}
