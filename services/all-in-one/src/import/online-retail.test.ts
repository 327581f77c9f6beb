import { join } from 'node:path'
import { expect, test } from 'vitest'
import { onlineRetail } from './online-retail.ts'
import { rowsOf, sampleFolder } from './testing/sample-folder.ts'

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const open = async (rows: readonly string[], name = 'retail.csv') =>
  onlineRetail(join(await sampleFolder({ [name]: [header, ...rows, ''].join('\n') }), name))

const sample = [
  '900001,10001,"CUP, SMALL",2,2011-03-01 09:30:00,1.15,7001.0,France',
  '900001,10002,SPOON,10,2011-03-01 09:30:00,0.2,7001.0,France',
  '900002,POST,POSTAGE,1,2011-03-01 10:00:00,18,,Germany',
  'C900003,10002,SPOON,-4,2011-03-02 11:00:00,0.2,7001.0,France',
  '900004,10001,CUP,0,2011-03-03 11:00:00,1.5,7001.0,France',
  '900004,10001,CUP,3,yesterday,1.5,7001.0,France',
  '900004,10003,,3,2011-03-03 11:00:00,0,7001.0,France',
  '900007,,SAUCER,3,2011-03-03 11:00:00,1,7001.0,France',
  'C900005,10001,CUP,3,2011-03-03 11:00:00,1.5,7001.0,France',
  '900006,10001,CUP BIG,1,2011-03-04 11:00:00,1.5,7002.0,Spain',
]

test.each(['retail.csv', 'retail.csv.gz'])('invoices of %s become orders and refunds', async (name) => {
  const rows = await rowsOf(await open(sample, name), 'orders')
  expect(rows.filter(({ kind }) => kind === 'event')).toEqual([
    {
      kind: 'event',
      line: 2,
      event: {
        type: 'track',
        messageId: 'online-retail-900001',
        userId: '7001',
        event: 'Order Completed',
        timestamp: '2011-03-01T09:30:00.000Z',
        properties: {
          order_id: '900001',
          total: 4.3,
          currency: 'GBP',
          country: 'France',
          products: [
            { product_id: '10001', quantity: 2, price: 1.15 },
            { product_id: '10002', quantity: 10, price: 0.2 },
          ],
        },
      },
    },
    expect.objectContaining({ line: 4, event: expect.objectContaining({ anonymousId: 'invoice-900002' }) as object }),
    expect.objectContaining({
      line: 5,
      event: expect.objectContaining({
        event: 'Order Refunded',
        properties: expect.objectContaining({
          total: 0.8,
          products: [{ product_id: '10002', quantity: 4, price: 0.2 }],
        }) as object,
      }) as object,
    }),
    expect.objectContaining({ line: 11 }),
  ])
  expect(rows.filter(({ kind }) => kind === 'rejected')).toEqual([
    { kind: 'rejected', line: 6, reason: 'Quantity does not fit a sale: 0' },
    { kind: 'rejected', line: 7, reason: 'InvoiceDate is not a time: yesterday' },
    { kind: 'rejected', line: 8, reason: 'UnitPrice is not above 0: 0' },
    { kind: 'rejected', line: 9, reason: 'InvoiceNo or StockCode is empty' },
    { kind: 'rejected', line: 10, reason: 'Quantity does not fit a cancellation: 3' },
  ])
})

test('an item has its newest description and price; postage is never to be recommended', async () => {
  expect(await rowsOf(await open(sample), 'items')).toEqual([
    { kind: 'item', line: 11, id: '10001', body: { title: 'CUP BIG', price: 1.5, currency: 'GBP' } },
    { kind: 'item', line: 3, id: '10002', body: { title: 'SPOON', price: 0.2, currency: 'GBP' } },
    { kind: 'item', line: 4, id: 'POST', body: { title: 'POSTAGE', price: 18, currency: 'GBP', available: false } },
  ])
})

test('an invoice that does not fit into one event becomes orders of their own ids', async () => {
  const long = Array.from(
    { length: 451 },
    (_, at) => `900010,${20_000 + at},BEAD,1,2011-03-01 09:30:00,1,7001.0,France`,
  )
  const orders = await rowsOf(await open(long), 'orders')
  expect(orders.map((row) => (row.kind === 'event' ? row.event.messageId : row))).toEqual([
    'online-retail-900010',
    'online-retail-900010-2',
  ])
  const products = orders.flatMap((row) =>
    row.kind === 'event' && row.event.type === 'track' ? (row.event.properties?.['products'] as object[]) : [],
  )
  expect(products).toHaveLength(451)
})
