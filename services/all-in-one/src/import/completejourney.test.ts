import { expect, test } from 'vitest'
import { completejourney } from './completejourney.ts'
import { rowsOf, sampleFolder } from './testing/sample-folder.ts'

const contents = {
  'products.csv':
    'product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n' +
    '501,3,DRINKS,Own,TEA,GREEN TEA BAGS,20 CT\n502,4,DRINKS,,,,\n,5,DRINKS,Own,TEA,X,\n',
  'demographics.csv': 'household_id,age,income\n1,45-54,50-74K\n,45-54,50-74K\n',
  'transactions_tiny.csv':
    'household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp\n' +
    '1,9,77,501,2,5.00,2017-02-01 08:00:00\n' +
    '2,9,78,501,1,2.50,2017-02-01 09:00:00\n' +
    '1,9,77,502,1,0.99,2017-02-01 08:00:00\n' +
    '1,9,79,502,0,0.99,2017-02-01 08:00:00\n' +
    ',9,79,502,1,0.99,2017-02-01 08:00:00\n',
  'coupon_redemptions.csv':
    'household_id,coupon_upc,campaign_id,redemption_date\n1,1000,18,2017-03-01\n1,1000,18,soon\n',
}

const open = async (suffix: '' | '.gz') =>
  completejourney(
    await sampleFolder(Object.fromEntries(Object.entries(contents).map(([name, text]) => [`${name}${suffix}`, text]))),
  )

test.each(['', '.gz'] as const)('%j files become items, traits, orders and coupons', async (suffix) => {
  const files = await open(suffix)
  expect(await rowsOf(files, 'items')).toEqual([
    {
      kind: 'item',
      line: 2,
      id: '501',
      body: {
        title: 'GREEN TEA BAGS',
        categories: ['DRINKS', 'TEA'],
        brand: 'Own',
        attributes: { packageSize: '20 CT', manufacturer: '3' },
      },
    },
    {
      kind: 'item',
      line: 3,
      id: '502',
      body: { title: 'DRINKS', categories: ['DRINKS'], attributes: { manufacturer: '4' } },
    },
    { kind: 'rejected', line: 4, reason: 'product_id is empty' },
  ])
  expect(await rowsOf(files, 'households')).toMatchObject([
    { event: { type: 'identify', userId: '1', traits: { age: '45-54', income: '50-74K' } } },
    { kind: 'rejected', line: 3 },
  ])
  expect(await rowsOf(files, 'coupons')).toMatchObject([
    { event: { event: 'Coupon Applied', userId: '1', timestamp: '2017-03-01T00:00:00.000Z' } },
    { kind: 'rejected', line: 3 },
  ])
})

test('the rows of a basket are one order, wherever they lie in the file', async () => {
  const rows = await rowsOf(await open(''), 'orders')
  expect(rows.slice(0, 2)).toMatchObject([
    { kind: 'rejected', line: 5 },
    { kind: 'rejected', line: 6 },
  ])
  expect(rows.slice(2)).toMatchObject([
    {
      line: 2,
      event: {
        messageId: 'completejourney-basket-77',
        userId: '1',
        event: 'Order Completed',
        properties: {
          total: 5.99,
          currency: 'USD',
          products: [
            { product_id: '501', quantity: 2, price: 2.5 },
            { product_id: '502', quantity: 1, price: 0.99 },
          ],
        },
      },
    },
    { line: 3, event: { messageId: 'completejourney-basket-78', userId: '2' } },
  ])
})

test('a folder without transactions is refused', async () => {
  await expect(completejourney(await sampleFolder({ 'products.csv': '' }))).rejects.toThrow(
    'holds no transactions*.csv',
  )
})
