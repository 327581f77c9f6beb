import { expect, it } from 'vitest'
import { generatedReviews, toCorpus } from '../testing/text-datasets.ts'
import { findWarnings } from './find-warnings.ts'
import { splitCorpus } from './split-corpus.ts'

async function warningsOf(rows: Parameters<typeof toCorpus>[0], ...codes: readonly string[]) {
  const corpus = toCorpus(rows)
  const found = findWarnings(corpus, await splitCorpus(corpus, {}))
  return codes.length === 0 ? found : found.filter(({ code }) => codes.includes(code))
}

it('says nothing of good data', async () => {
  expect(await warningsOf(generatedReviews(200, { language: 'zh' }))).toEqual([])
})

it('names labels of few rows', async () => {
  const few = generatedReviews(9, { language: 'en', seed: 3 }).map(({ text }) => ({ text, label: 'rare' }))
  expect(await warningsOf([...generatedReviews(200, { language: 'en' }), ...few], 'few-rows')).toMatchObject([
    { code: 'few-rows', label: 'rare', message: '"rare" has 9 rows; below 30 its figures are uncertain' },
  ])
})

it('names labels of which hardly any row could be held out, and a held-out part that is small', async () => {
  const notices = Array.from({ length: 40 }, (_, row) => ({
    text: `Your parcel with the number ${1000 + row} has been handed over to the carrier and will arrive tomorrow`,
    label: 'notice',
  }))
  const reviews = generatedReviews(200, { language: 'en' })
  expect(await warningsOf([...reviews, ...notices], 'few-held-out')).toMatchObject([
    { label: 'notice', message: '0 of 40 rows of "notice" could be held out; its figures say nothing' },
  ])
  const many = Array.from({ length: 300 }, (_, row) => ({ ...notices[0]!, text: `${notices[0]!.text}, ${row}` }))
  expect(await warningsOf([...reviews, ...many], 'few-held-out')).toMatchObject([
    { message: expect.stringMatching(/^only \d+ rows, \d %, could be held out/) as string },
    { label: 'notice' },
  ])
})

it('finds labels that stand in their own texts, as words of their own', async () => {
  const rows = generatedReviews(200, { language: 'en' }).map(({ text, label }) => ({
    text: label === 'good' ? `${text} (late delivery)` : `${text}, badly`,
    label: label === 'good' ? 'late_delivery' : 'bad',
  }))
  expect(await warningsOf(rows, 'label-leakage')).toMatchObject([{ code: 'label-leakage', label: 'late_delivery' }])
  const chinese = generatedReviews(200, { language: 'zh' }).map(({ text, label }) => ({
    text: label === 'good' ? `${text}好评` : text,
    label: label === 'good' ? '好评' : '差评',
  }))
  expect(await warningsOf(chinese, 'label-leakage')).toMatchObject([{ code: 'label-leakage', label: '好评' }])
})

it('counts near-duplicates and conflicts, and shows no text', async () => {
  const rows = generatedReviews(200, { language: 'en' })
  const copies = rows.map(({ text, label }, row) => ({
    text: row === 0 ? text : `${text}?`,
    label: row === 0 ? (label === 'good' ? 'bad' : 'good') : label,
  }))
  const warnings = await warningsOf([...rows, ...copies])
  expect(warnings).toMatchObject([
    { code: 'near-duplicates', message: expect.stringMatching(/^\d+ rows are nearly the same as others/) as string },
    { code: 'label-conflicts', message: expect.stringMatching(/^1 texts .* rows 1, 201: bad, good$/) as string },
  ])
  expect(JSON.stringify(warnings)).not.toContain(rows[0]!.text.slice(0, 20))
})
