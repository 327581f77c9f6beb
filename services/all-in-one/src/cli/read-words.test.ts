import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readWords } from './read-words.ts'

it('reads one word a line, and refuses what is no text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-words-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'words.txt')
  writeFileSync(file, '\uFEFF降噪耳机壳\r\n\n  C++ \n')
  expect(readWords(file)).toEqual(['降噪耳机壳', 'C++'])
  writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00]))
  expect(() => readWords(file)).toThrow('It cannot be read')
  expect(() => readWords(join(folder, 'none.txt'))).toThrow('ENOENT')
})
