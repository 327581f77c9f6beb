import { sentimentTexts, topicTexts } from '@rapport/starter-texts'
import { expect, it } from 'vitest'
import { Random } from './random.ts'
import { writeReview } from './reviews.ts'
import { writeTicket } from './tickets.ts'

const languages = ['en', 'zh'] as const
type Language = (typeof languages)[number]
/** So many words, or Chinese characters, in a row are a template and no turn of speech. */
const runLength = { en: 5, zh: 7 } as const

/** Words of English, single characters of Chinese; without marks. */
const pieces = (text: string, language: Language): readonly string[] =>
  language === 'en' ? (text.toLowerCase().match(/[a-z0-9’']+/gu) ?? []) : (text.match(/\p{Script=Han}/gu) ?? [])

function runs(texts: Iterable<string>, language: Language): ReadonlySet<string> {
  const found = new Set<string>()
  for (const text of texts) {
    const all = pieces(text, language)
    for (let at = 0; at + runLength[language] <= all.length; at += 1)
      found.add(all.slice(at, at + runLength[language]).join(' '))
  }
  return found
}

/** Everything that the shop's visitors can write, several times over. */
function shopTexts(language: Language): readonly string[] {
  const random = new Random(7)
  return Array.from({ length: 1_000 }, (_, number) => {
    const { review } = writeReview(language, (number % 11) / 10, random)
    const { subject, body } = writeTicket(language, random)
    return [review, `${subject} ${body}`]
  }).flat()
}

it.each(languages)('texts of visitors (%s) share no template with those that starter models learn from', (language) => {
  const own = runs(shopTexts(language), language)
  const learnt = [
    ...sentimentTexts({ language, perLabel: 2_000, seed: 1 }),
    ...topicTexts({ language, perLabel: 500, seed: 1 }),
  ].map(({ text }) => text)
  expect(own.size).toBeGreaterThan(80)
  expect([...runs(learnt, language)].filter((run) => own.has(run))).toEqual([])
  // That it could fail: the shop's own texts are found again.
  expect([...runs(shopTexts(language).slice(0, 50), language)].filter((run) => own.has(run)).length).toBeGreaterThan(50)
})
