import { expect, test } from 'vitest'
import { Choices, expand } from './grammar.ts'
import { chineseLexicon, emojiLexicon, englishLexicon } from './lexicons.ts'
import { sentimentLabels, sentimentTexts } from './sentiment/sentiment-texts.ts'
import { topicLabels, topicTexts } from './topics/topic-texts.ts'

const han = /\p{Script=Han}/u
const latinWord = /[a-z]{2}/iu

test('a symbol becomes one of its texts, with the symbols in it', () => {
  const grammar = { greeting: ['hello {who}', 'bye'], who: ['world', '{who2}'], who2: ['moon'] }
  const drawn = new Set(Array.from({ length: 200 }, (_, seed) => expand(grammar, 'greeting', new Choices(seed))))
  expect([...drawn].toSorted()).toEqual(['bye', 'hello moon', 'hello world'])
  expect(() => expand(grammar, 'farewell', new Choices(1))).toThrow('the grammar has no farewell')
})

test('lexicons have words of both kinds, none of them twice', () => {
  for (const { pleased, displeased } of [englishLexicon, chineseLexicon, emojiLexicon]) {
    expect(Math.min(pleased.length, displeased.length)).toBeGreaterThan(25)
    expect(new Set([...pleased, ...displeased]).size).toBe(pleased.length + displeased.length)
  }
  expect(englishLexicon.pleased).toContain('superb')
  expect(englishLexicon.displeased).toContain('awful')
  expect(chineseLexicon.displeased.every((word) => han.test(word))).toBe(true)
})

test.each(['zh', 'en'] as const)('reviews in %s: as many of each label, the same ones for a seed', (language) => {
  const options = { language, perLabel: 200, seed: 5 }
  const texts = [...sentimentTexts(options)]
  for (const label of sentimentLabels) expect(texts.filter((text) => text.label === label)).toHaveLength(200)
  expect([...sentimentTexts(options)]).toEqual(texts)
  expect([...sentimentTexts({ ...options, seed: 6 })]).not.toEqual(texts)
  expect(texts.filter(({ text }) => /[{}]/u.test(text) || text.trim() === '')).toEqual([])
  expect(new Set(texts.map(({ text }) => text)).size).toBeGreaterThan(450)
})

test.each(['zh', 'en'] as const)(
  'messages in %s: as many of each topic, every text of the grammar whole',
  (language) => {
    const texts = [...topicTexts({ language, perLabel: 150, seed: 1 })]
    for (const label of topicLabels) expect(texts.filter((text) => text.label === label)).toHaveLength(150)
    expect(texts.filter(({ text }) => /[{}]/u.test(text) || text.trim() === '')).toEqual([])
    const ofLanguage = texts.filter(({ text }) => (language === 'zh' ? han.test(text) : latinWord.test(text)))
    expect(ofLanguage).toHaveLength(texts.length)
  },
)
