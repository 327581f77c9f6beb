import { expect, it } from 'vitest'
import { Postings } from './postings.ts'

const idsOf = (postings: Postings, token: string): number[] =>
  postings.documentsOf(postings.termOf(token) ?? -1).map((packed) => Postings.idOf(packed))

it('keeps the documents of a term in order, whatever changes', () => {
  const postings = new Postings()
  for (let document = 0; document < 4; document += 1)
    postings.set(
      document,
      new Map([
        ['all', 2],
        [`own-${document}`, 1],
      ]),
    )
  postings.set(
    1,
    new Map([
      ['all', 2],
      ['new', 1],
    ]),
  )
  expect(idsOf(postings, 'all')).toEqual([0, 1, 2, 3])
  expect(idsOf(postings, 'new')).toEqual([1])
  expect(postings.termOf('own-1')).toBeUndefined()
  postings.set(0, new Map([['all', 9]]))
  expect(idsOf(postings, 'all')).toEqual([0, 1, 2, 3])
  const term = postings.termOf('all') ?? -1
  const frequencies = postings.documentsOf(term).map((packed) => [Postings.idOf(packed), Postings.frequencyOf(packed)])
  expect(new Map(frequencies as [number, number][]).get(0)).toBeCloseTo(1 + Math.log(9), 1)
  expect(postings.documentCount).toBe(4)
})
