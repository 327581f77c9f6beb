import { describe, expect, it } from 'vitest'
import { generatedReviews, toCorpus } from '../testing/text-datasets.ts'
import { splitCorpus } from './split-corpus.ts'

const rows = generatedReviews(400, { language: 'en' })
const textsOf = (of: readonly { text: string }[], places: Int32Array): Set<string> =>
  new Set(Array.from(places, (row) => of[row]!.text))

describe('the split of a corpus', () => {
  it('holds a fifth of each class out, and draws folds of the others', async () => {
    const corpus = toCorpus(rows)
    const { train, held, folds, foldOf } = await splitCorpus(corpus, {})
    expect(train.length + held.length).toBe(rows.length)
    for (const label of [0, 1]) {
      const all = corpus.labels.filter((each) => each === label).length
      const share = held.filter((row) => corpus.labels[row] === label).length / all
      expect(share).toBeGreaterThanOrEqual(0.1)
      expect(share).toBeLessThanOrEqual(0.31)
    }
    expect(foldOf.length).toBe(train.length)
    expect(new Set(foldOf).size).toBe(folds)
  })

  it('holds the same texts out when rows are added or come in another order', async () => {
    const one = await splitCorpus(toCorpus(rows), {})
    const more = [...rows, ...generatedReviews(300, { language: 'zh', seed: 9 })].reverse()
    const other = await splitCorpus(toCorpus(more), {})
    const kept = [...textsOf(rows, one.held)].filter((text) => textsOf(more, other.held).has(text))
    expect(kept.length).toBeGreaterThan(0.9 * one.held.length)
  })

  it('keeps copies and near copies of a text in one part and one fold', async () => {
    const copies = rows.slice(0, 120).flatMap(({ text, label }) => [
      { text, label },
      { text: `  ${text.toUpperCase()} `, label },
      { text: `${text}!`, label },
    ])
    const { train, held, foldOf, nearDuplicates } = await splitCorpus(toCorpus(copies), {})
    const side = new Map([...train].map((row) => [row, `fold ${foldOf[train.indexOf(row)]}`]))
    for (const row of held) side.set(row, 'held')
    for (let first = 0; first < copies.length; first += 3) {
      expect(side.get(first + 1)).toBe(side.get(first))
      expect(side.get(first + 2)).toBe(side.get(first))
    }
    expect(nearDuplicates).toBe(360)
    expect(held.length).toBeGreaterThan(36)
  })

  it('trains every fold on every label, also where a label is one text with changes', async () => {
    const notices = Array.from({ length: 60 }, (_, row) => ({
      text: `Your parcel with the number ${1000 + row} has been handed over to the carrier and will arrive tomorrow`,
      label: 'notice',
    }))
    const copies = Array.from({ length: 40 }, () => ({ text: 'unsubscribe me please', label: 'unsubscribe' }))
    const few = ['no more mails', 'stop writing to me', 'take me off the list', 'I want to leave'].map((text) => ({
      text,
      label: 'unsubscribe',
    }))
    const corpus = toCorpus([...rows, ...notices, ...copies, ...few])
    const { train, foldOf, folds } = await splitCorpus(corpus, {})
    for (let fold = 0; fold < folds; fold += 1) {
      const seen = new Set([...train].filter((_, at) => foldOf[at] !== fold).map((row) => corpus.labels[row]))
      expect(seen.size).toBe(4)
    }
  })

  it('asks for different texts of each label, not for copies of one', async () => {
    const copies = Array.from({ length: 40 }, () => ({ text: 'unsubscribe me please', label: 'unsubscribe' }))
    await expect(splitCorpus(toCorpus([...rows, ...copies]), {})).rejects.toThrow(
      'each label needs 5 different texts, but "unsubscribe" has 1',
    )
  })

  it('finds texts with different labels', async () => {
    const [first] = rows
    const conflicting = [...rows, { text: first!.text, label: first!.label === 'good' ? 'bad' : 'good' }]
    const { conflicts } = await splitCorpus(toCorpus(conflicting), {})
    expect(conflicts).toEqual([{ rows: [0, 400], labels: [0, 1] }])
  })

  it('says when the texts are too much alike to test on any', async () => {
    const same = Array.from({ length: 60 }, (_, row) => ({
      text: row % 2 === 0 ? 'All good.' : 'All bad!',
      label: row % 2 === 0 ? 'good' : 'bad',
    }))
    await expect(splitCorpus(toCorpus(same), {})).rejects.toThrow(
      'each label needs 5 different texts, but "bad" has 1, "good" has 1',
    )
    const alike = Array.from({ length: 60 }, (_, row) => ({
      text: `${row % 2 === 0 ? 'All of it was good' : 'All of it was bad'} as we have said in every letter, ${row}`,
      label: row % 2 === 0 ? 'good' : 'bad',
    }))
    await expect(splitCorpus(toCorpus(alike), {})).rejects.toThrow('differ enough from the others to be tested')
  })

  it('stops when told', async () => {
    await expect(splitCorpus(toCorpus(rows), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
  })
})
