import { expect, it } from 'vitest'
import { opinionReasons } from './opinions.ts'

it('says how an item is rated and what it is complained about, from the second voice on', () => {
  const many = { ratings: 12, meanRating: 4.583, complaint: { label: 'delivery', texts: 3 } }
  expect(opinionReasons(many).map(({ text }) => text)).toEqual([
    { en: 'Rated 4.6 on average in 12 reviews', zh: '12条评价，平均4.6分' },
    { en: '3 messages of customers are unhappy about “delivery”', zh: '顾客有3条留言对“delivery”不满意' },
  ])
  expect(opinionReasons({ ratings: 1, meanRating: 1, complaint: { label: 'delivery', texts: 1 } })).toEqual([])
  expect(opinionReasons({ ratings: 0, meanRating: 0 })).toEqual([])
})
