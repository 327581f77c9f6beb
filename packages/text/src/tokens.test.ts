import { describe, expect, it } from 'vitest'
import { normalize } from './normalize.ts'
import { countTokens, tokenize } from './tokens.ts'

describe('normalize', () => {
  it('makes full-width letters, ligatures and capitals one spelling', () => {
    expect(normalize('ＡＢＣ１２ ﬁne Straße’s')).toBe("abc12 fine straße's")
  })
})

describe('tokenize', () => {
  it('stems English words, so that singular and plural meet', () => {
    expect(tokenize('Cast-iron teapots, 1.2 L')).toEqual(['cast', 'iron', 'teapot', '1', '2', 'l'])
    expect(tokenize('The potter’s teapot')).toEqual(['the', 'potter', 'teapot'])
  })

  it('leaves words with accents and digits as they are', () => {
    expect(tokenize('café 350ml naïve')).toEqual(['café', '350ml', 'naïve'])
  })

  it('gives character bigrams and longer dictionary words of Chinese', () => {
    const tokens = tokenize('龙井绿茶，明前特级')
    expect(tokens).toEqual(expect.arrayContaining(['龙井', '绿茶', '明前', '特级']))
    expect(tokens).not.toContain('茶明')
    expect(tokenize('茶')).toEqual(['茶'])
    expect(tokenize('不锈钢水壶')).toEqual(expect.arrayContaining(['不锈钢', '水壶']))
  })

  it('meets Chinese words inside texts that a dictionary cuts differently', () => {
    const shared = tokenize('紫砂茶壶').filter((token) => tokenize('手工紫砂壶').includes(token))
    expect(shared).toContain('紫砂')
  })

  it('takes mixed texts apart at the scripts’ border', () => {
    expect(tokenize('Bodum法压壶')).toEqual(expect.arrayContaining(['bodum', '法压', '压壶']))
  })

  it('gives nothing for nothing, and leaves out endless runs', () => {
    expect(tokenize(' —!? ')).toEqual([])
    expect(tokenize('x'.repeat(65))).toEqual([])
  })

  it('counts', () => {
    expect(countTokens(['a', 'b', 'a'])).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
  })
})
