import { detectLanguage } from '@rapport/text'

const sampled = 2000
/** Of the texts: fewer make them mixed. */
const mostly = 0.8

/** The language of most texts, by a sample of them. */
export function languageOf(texts: readonly string[]): 'zh' | 'en' | 'mixed' {
  const step = Math.max(1, Math.floor(texts.length / sampled))
  const languages = texts.filter((_, row) => row % step === 0).map((text) => detectLanguage(text).language)
  const isMostly = (language: string): boolean =>
    languages.filter((found) => found === language).length > mostly * Math.max(1, languages.length)
  if (isMostly('zh')) return 'zh'
  return isMostly('en') ? 'en' : 'mixed'
}
