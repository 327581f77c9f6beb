import { parse } from 'csv-parse'
import { openStream } from './files.ts'

/** The usable rows of UCI Online Retail in the file's order. */
export interface Purchases {
  readonly customers: readonly string[]
  readonly products: readonly string[]
  readonly timesMs: readonly number[]
}

/** Rows with a customer, not cancelled, with positive quantity and price. */
export async function readOnlineRetail(dataDir: string): Promise<Purchases> {
  const purchases = { customers: [] as string[], products: [] as string[], timesMs: [] as number[] }
  const rows = openStream(dataDir, 'online-retail/online-retail.csv').pipe(parse({ columns: true, bom: true }))
  for await (const row of rows as AsyncIterable<Readonly<Record<string, string>>>) {
    const { InvoiceNo = '', StockCode = '', Quantity, InvoiceDate, UnitPrice, CustomerID = '' } = row
    if (CustomerID === '' || InvoiceNo.startsWith('C') || !(Number(Quantity) > 0) || !(Number(UnitPrice) > 0)) continue
    purchases.customers.push(CustomerID)
    purchases.products.push(StockCode)
    purchases.timesMs.push(Date.parse(`${InvoiceDate?.replace(' ', 'T')}Z`))
  }
  return purchases
}
