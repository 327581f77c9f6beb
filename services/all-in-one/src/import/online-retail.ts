import type { ImportFile, ImportRow } from './import-row.ts'
import { rejected } from './import-row.ts'
import { parseTime } from './parse-time.ts'
import type { NumberedRecord, ReadOptions } from './read-table.ts'
import { readCsv } from './read-table.ts'

interface Line {
  readonly invoice: string
  readonly stockCode: string
  readonly quantity: number
  readonly price: number
  readonly atMs: number
  readonly customer: string
  readonly country: string
}

interface Invoice {
  readonly head: Line
  readonly line: number
  readonly products: { product_id: string; quantity: number; price: number }[]
}

const columns = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
]

/** Codes that stand for postage, fees, discounts, samples and corrections: they are sold, but nobody is to be recommended one. */
const noGoods = /^(POST|DOT|C2|D|M|S|B|CRUK|BANK CHARGES|AMAZONFEE)$/i

/** An event may have 32 KB; an invoice of more lines than this becomes several orders. */
const maxProducts = 450

/**
 * UCI Online Retail: the lines of an invoice as one `Order Completed`, of a cancellation ("C…") as one `Order Refunded`;
 * descriptions and prices as items. Times have no zone in the file and are taken as UTC. An invoice without a customer
 * belongs to an anonymous visitor of its own.
 */
export function onlineRetail(path: string): readonly ImportFile[] {
  return [
    { part: 'items', path, rows: (options) => items(path, options) },
    { part: 'orders', path, rows: (options) => orders(path, options) },
  ]
}

/** One item a stock code, with its most recent description and price; waits for the end of the file. */
async function* items(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  const catalogue = new Map<string, { line: number; title: string; price: number }>()
  for await (const { line, fields } of readCsv(path, { ...options, columns })) {
    const id = fields['StockCode']?.trim()
    const title = fields['Description']?.trim()
    const price = Number(fields['UnitPrice'])
    if (id && title && price > 0 && Number(fields['Quantity']) > 0) catalogue.set(id, { line, title, price })
  }
  for (const [id, { line, title, price }] of catalogue) {
    yield {
      kind: 'item',
      line,
      id,
      body: { title, price, currency: 'GBP', ...(noGoods.test(id) && { available: false }) },
    }
  }
}

async function* orders(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  let invoice: Invoice | undefined
  const parts = new Map<string, number>()
  const finish = (done: Invoice): ImportRow => {
    const part = (parts.get(done.head.invoice) ?? 0) + 1
    parts.set(done.head.invoice, part)
    return toOrder(done, part)
  }
  for await (const record of readCsv(path, { ...options, columns })) {
    const line = readLine(record)
    if (typeof line === 'string') {
      yield rejected(record.line, line)
      continue
    }
    const sameInvoice = invoice?.head.invoice === line.invoice
    if (invoice && (!sameInvoice || invoice.products.length >= maxProducts)) {
      yield finish(invoice)
      invoice = undefined
    }
    invoice ??= { head: line, line: record.line, products: [] }
    invoice.products.push({ product_id: line.stockCode, quantity: line.quantity, price: line.price })
  }
  if (invoice) yield finish(invoice)
}

function readLine({ fields }: NumberedRecord): Line | string {
  const invoice = fields['InvoiceNo']?.trim() ?? ''
  const stockCode = fields['StockCode']?.trim() ?? ''
  const quantity = Number(fields['Quantity'])
  const price = Number(fields['UnitPrice'])
  const atMs = parseTime(fields['InvoiceDate'] ?? '')
  if (invoice === '' || stockCode === '') return 'InvoiceNo or StockCode is empty'
  if (Number.isNaN(atMs)) return `InvoiceDate is not a time: ${fields['InvoiceDate']}`
  if (!(price > 0)) return `UnitPrice is not above 0: ${fields['UnitPrice']}`
  const cancelled = invoice.startsWith('C')
  if (!Number.isInteger(quantity) || quantity === 0 || cancelled !== quantity < 0) {
    return `Quantity does not fit ${cancelled ? 'a cancellation' : 'a sale'}: ${fields['Quantity']}`
  }
  const customer = fields['CustomerID']?.trim().replace(/\.0$/, '') ?? ''
  return { invoice, stockCode, quantity: Math.abs(quantity), price, atMs, customer, country: fields['Country'] ?? '' }
}

function toOrder({ head, line, products }: Invoice, part: number): ImportRow {
  const orderId = part === 1 ? head.invoice : `${head.invoice}-${part}`
  const total = products.reduce((sum, { price, quantity }) => sum + Math.round(price * 100) * quantity, 0) / 100
  return {
    kind: 'event',
    line,
    event: {
      type: 'track',
      messageId: `online-retail-${orderId}`,
      ...(head.customer === '' ? { anonymousId: `invoice-${head.invoice}` } : { userId: head.customer }),
      event: head.invoice.startsWith('C') ? 'Order Refunded' : 'Order Completed',
      timestamp: new Date(head.atMs).toISOString(),
      properties: { order_id: orderId, total, currency: 'GBP', country: head.country, products },
    },
  }
}
