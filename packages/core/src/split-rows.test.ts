import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitRows } from './split-rows.ts'

async function split(text: string, { chunkBytes = 7, limitBytes = 1_000 } = {}) {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const rows = []
  for await (const { line, text, problem } of splitRows(chunks(), limitBytes)) {
    rows.push(problem === undefined ? [line, text?.toString().trim()] : [line, { problem }])
  }
  return rows
}

const anyRow = fc.dictionary(fc.string(), fc.jsonValue())
const chunkBytes = fc.integer({ min: 1, max: 40 })

describe('splitRows', () => {
  it('finds every element of an array, however it is written and cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow), fc.constantFrom(0, 2), chunkBytes, async (rows, indent, chunkBytes) => {
        const found = await split(JSON.stringify(rows, null, indent), { chunkBytes, limitBytes: 100_000 })
        expect(found.map(([, text]) => JSON.parse(text as string) as unknown)).toEqual(JSON.parse(JSON.stringify(rows)))
      }),
    )
  })

  it('finds every line, with its number', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow), chunkBytes, async (rows, chunkBytes) => {
        const text = rows.map((row) => `${JSON.stringify(row)}\r\n`).join('')
        const found = await split(text, { chunkBytes, limitBytes: 100_000 })
        expect(found).toEqual(rows.map((row, index) => [index + 1, JSON.stringify(row)]))
      }),
    )
  })

  it('says on which line an element of an array starts', async () => {
    expect(await split('\n[\n {"a":\n1},\n\n{"b":2}\n]\n')).toEqual([
      [3, '{"a":\n1}'],
      [6, '{"b":2}'],
    ])
  })

  it('skips blank lines and a byte order mark', async () => {
    expect(await split('\ufeff\n{"a":1}\n\n  \n{"b":2}')).toEqual([
      [2, '{"a":1}'],
      [5, '{"b":2}'],
    ])
  })

  it.each([
    ['', []],
    ['[]', []],
    [' [ \n ] ', []],
    ['\n\n', []],
  ])('finds no row in %j', async (text, rows) => {
    expect(await split(text)).toEqual(rows)
  })

  it('does not hold a row above the limit, and goes on after it', async () => {
    const large = `{"a":"${'x'.repeat(100)}"}`
    const problem = { problem: 'is larger than 50 bytes' }
    expect(await split(`{}\n${large}\n{}`, { limitBytes: 50 })).toEqual([
      [1, '{}'],
      [2, problem],
      [3, '{}'],
    ])
    expect(await split(`[{},\n${large},{}]`, { limitBytes: 50 })).toEqual([
      [1, '{}'],
      [2, problem],
      [2, '{}'],
    ])
  })

  it.each([
    ['[{"a":1}', [1, { problem: 'the array is not closed: the body ends inside it' }]],
    ['[{"a":"]', [1, { problem: 'the array is not closed: the body ends inside it' }]],
    ['[{}] x', [1, { problem: 'something follows the end of the array' }]],
    ['[{},]', [1, '']],
    ['[{}}]', [1, '{}}']],
  ])('ends %s with what is wrong', async (text, row) => {
    expect((await split(text)).at(-1)).toEqual(row)
  })
})
