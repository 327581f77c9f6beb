import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onlyEntry, readCsvTexts, readTextLines, readZippedTexts, splitByHash } from './labelled-texts.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-texts-'))
})
afterAll(() => rm(folder, { recursive: true }))

const csv = '\ufefflabel,review\r\n1,"很好, ""真的""\n好"\r\n0,bad\r\n'
const rows = [
  { text: '很好, "真的"\n好', label: '1' },
  { text: 'bad', label: '0' },
]

/** A ZIP file of one deflated entry, as far as its local header and content. */
function zipOf(content: string, name: string): Buffer {
  const deflated = deflateRawSync(content)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04_03_4b_50, 0)
  header.writeUInt16LE(8, 8)
  header.writeUInt32LE(deflated.length, 18)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name), deflated, Buffer.from('the directory')])
}

describe('readers', () => {
  const columns = { text: 'review', label: 'label' }

  it('read CSV, gzipped or in a ZIP file', async () => {
    await writeFile(join(folder, 'a.csv.gz'), gzipSync(csv))
    await writeFile(join(folder, 'a.zip'), zipOf(csv, 'a.csv'))
    expect(await readCsvTexts(folder, 'a.csv', columns)).toEqual(rows)
    expect(await readZippedTexts(folder, 'a.zip', columns)).toEqual(rows)
    await expect(readCsvTexts(folder, 'a.csv', { text: 'review', label: 'other' })).rejects.toThrow(
      /no review or other/,
    )
  })

  it('read lines of both forms', async () => {
    await writeFile(join(folder, 'tab.txt'), '标题 a\t3\n')
    await writeFile(join(folder, 'blank.txt'), '1 a good film\n')
    expect(await readTextLines(folder, 'tab.txt', 'text-tab-label')).toEqual([{ text: '标题 a', label: '3' }])
    expect(await readTextLines(folder, 'blank.txt', 'label-blank-text')).toEqual([{ text: 'a good film', label: '1' }])
    await expect(readTextLines(folder, 'blank.txt', 'text-tab-label')).rejects.toThrow(/line 1/)
  })

  it('refuse what is no plain ZIP file', () => {
    const streamed = zipOf(csv, 'a.csv')
    streamed.writeUInt16LE(8, 6)
    for (const zip of [Buffer.from('no'), Buffer.alloc(40), streamed]) {
      expect(() => onlyEntry(zip, 'a.zip')).toThrow(/a.zip is not a plain ZIP file/)
    }
  })
})

it('splits by the hash of the text', () => {
  // By Python: [t for t in texts if int(hashlib.sha256(t.encode()).hexdigest()[:8], 16) % 5 == 0].
  const texts = 'abcdefghij好差'.split('').map((text) => ({ text, label: '' }))
  const { train, test } = splitByHash(texts, 5)
  expect(test.map(({ text }) => text).join('')).toBe('afj')
  expect(train).toHaveLength(texts.length - test.length)
})
