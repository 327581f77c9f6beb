import { expect, it } from 'vitest'
import { detectLanguage } from './language.ts'

it.each([
  ['房间很大，整体感觉经济实惠不错!', 'zh'],
  ['買了之後非常滿意', 'zh'],
  ['买了iPhone 15 Pro，很喜欢', 'zh'],
  ['The room was large and clean.', 'en'],
  ['Crème brûlée, très bien', 'en'],
  ['ＧＯＯＤ', 'en'],
  ['A long English sentence with one 好 inside of it', 'en'],
  ['The delivery was quick, 非常满意', 'mixed'],
  ['Очень хороший отель', 'other'],
  ['とても良いホテルでした', 'other'],
  ['방이 아주 깨끗해요', 'other'],
  ['😀 123 !?', 'other'],
  ['', 'other'],
] as const)('%s is %s', (text, language) => {
  expect(detectLanguage(text).language).toBe(language)
})

it('counts code points, also beyond the basic plane', () => {
  expect(detectLanguage('𠮷a×ж😀')).toEqual({ language: 'zh', han: 1, latin: 1, otherLetters: 1 })
})
