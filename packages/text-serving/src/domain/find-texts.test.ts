import { defaultTextRules } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { textEvent } from '../testing.ts'
import { findTexts, RuleSet } from './find-texts.ts'

const texts = (...event: Parameters<typeof textEvent>) =>
  findTexts(textEvent(...event), defaultTextRules).map(({ rule, ...found }) => ({ rule: rule.name, ...found }))

describe('the built-in rules', () => {
  it('find the texts of reviews, tickets and chats by the names of Segment’s specs', () => {
    expect(texts({ review: 'Lovely', rating: '4' })).toEqual([
      { rule: 'review', text: 'Lovely', itemId: 'tea', rating: 4 },
    ])
    expect(texts({ review_title: 'Hm', review_body: '一般' })).toMatchObject([{ text: 'Hm\n一般' }])
    const ticket = { product_id: undefined, subject: 'Parcel', body: 'It is late' }
    expect(texts(ticket, { event: 'Support Ticket Created' })).toEqual([{ rule: 'ticket', text: 'Parcel\nIt is late' }])
    expect(texts({ message_body: 'hello' }, { event: 'Live Chat Message Sent' })).toMatchObject([{ rule: 'chat' }])
  })

  it('find none where there is none', () => {
    expect(texts({ review: '  \n' })).toEqual([])
    expect(texts({ review: 7, rating: 3 })).toEqual([])
    expect(texts({ review: 'Lovely' }, { event: 'Product Viewed' })).toEqual([])
    expect(texts({ review: 'Lovely' }, { type: 'page' })).toEqual([])
  })
})

it('a tenant’s rules tell records that surely have no text without reading them', () => {
  const rules = new RuleSet([{ name: 'quote', event: 'He said "so" 说', properties: ['text'] }])
  const bytesOf = (event: object): Uint8Array => Buffer.from(JSON.stringify(event))
  expect(rules.mayMatch(bytesOf(textEvent({ text: 'x' }, { event: 'He said "so" 说' })))).toBe(true)
  expect(rules.mayMatch(bytesOf(textEvent({ text: 'x' })))).toBe(false)
  expect(new RuleSet([]).mayMatch(bytesOf(textEvent({})))).toBe(false)
})
