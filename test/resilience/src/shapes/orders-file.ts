import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const dayMs = 24 * 3_600_000

/** The first so many invoices of a compressed file of orders. */
export async function copyInvoices(from: string, to: string, invoices: number): Promise<void> {
  const lines = createInterface({ input: createReadStream(from).pipe(createGunzip()) })
  const target = createWriteStream(to)
  let [current, seen] = ['', -1]
  for await (const line of lines) {
    const invoice = line.slice(0, line.indexOf(','))
    if (invoice !== current) seen += 1
    if (seen > invoices) break
    current = invoice
    if (!target.write(`${line}\n`)) await once(target, 'drain')
  }
  target.end()
  await once(target, 'finish')
}

/**
 * A file of orders, always the same: customers of four tastes over 60 days, some orders without a customer, some taken
 * back, several at the same moment.
 */
export function generateOrders(invoices: number): string {
  let state = 20_101_201
  const below = (count: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const lines = [header]
  for (let invoice = 0; invoice < invoices; invoice += 1) {
    const number = 500_000 + invoice
    const customer = 12_000 + below(Math.ceil(invoices / 8))
    const at = new Date(Date.UTC(2010, 11, 1) + Math.floor(((invoice >> 2) * 60 * dayMs) / invoices) * 4)
    const time = at.toISOString().slice(0, 19).replace('T', ' ')
    const isRefund = below(20) === 0
    const who = below(6) === 0 ? '' : `${customer}.0`
    for (let line = 0; line <= below(5); line += 1) {
      const item = ((customer % 4) * 20 + below(below(3) === 0 ? 80 : 20)) % 80
      const quantity = (1 + below(6)) * (isRefund ? -1 : 1)
      const price = (1.25 + (item % 30)).toFixed(2)
      const product = `${10_000 + item},Product ${item},${quantity},${time},${price}`
      lines.push(`${isRefund ? 'C' : ''}${number},${product},${who},United Kingdom`)
    }
  }
  return `${lines.join('\n')}\n`
}
