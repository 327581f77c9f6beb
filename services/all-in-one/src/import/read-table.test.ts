import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readCsv, readLines } from './read-table.ts'
import { sampleFolder } from './testing/sample-folder.ts'

const lines = async (content: string | Buffer, name = 'a.txt') =>
  Array.fromAsync(readLines(join(await sampleFolder({ [name]: content }), name)))
const csv = async (content: string, options: Parameters<typeof readCsv>[1] = {}) =>
  Array.fromAsync(readCsv(join(await sampleFolder({ 'a.csv': content }), 'a.csv'), options))

test('lines keep their numbers when empty ones are left out, whatever ends them', async () => {
  expect(await lines('one\r\n\ntwo\nthree')).toEqual([
    { line: 1, text: 'one' },
    { line: 3, text: 'two' },
    { line: 4, text: 'three' },
  ])
  expect(await lines('')).toEqual([])
})

test('a compressed file reads like the plain one, also under a name that does not say so', async () => {
  const plain = await lines('茶\nteapot\n')
  expect(await lines('茶\nteapot\n', 'a.txt.gz')).toEqual(plain)
  expect(await lines(gzipSync('茶\nteapot\n'), 'a.txt')).toEqual(plain)
})

test('a byte order mark is no part of the first line or column', async () => {
  expect(await lines('\uFEFF{"a":1}\n')).toEqual([{ line: 1, text: '{"a":1}' }])
  expect(await csv('\uFEFFid,name\n1,pot\n')).toEqual([{ line: 2, fields: { id: '1', name: 'pot' } }])
})

test('lines that are longer than a piece of the file come whole', async () => {
  const long = '长'.repeat(100_000)
  expect(await lines(`${long}\nshort\n${long}`)).toEqual([
    { line: 1, text: long },
    { line: 2, text: 'short' },
    { line: 3, text: long },
  ])
})

test('records are numbered by the line on which they end', async () => {
  const text = 'id,name\n1,"a pot\nof tea"\n\n2,"say ""hello"""\n'
  expect(await csv(text)).toEqual([
    { line: 3, fields: { id: '1', name: 'a pot\nof tea' } },
    { line: 5, fields: { id: '2', name: 'say "hello"' } },
  ])
})

test('a quote inside a field is text, and a short row has fewer fields', async () => {
  expect(await csv('id;name;size\n1;6" plate;L\n2;bowl\n', { delimiter: ';' })).toEqual([
    { line: 2, fields: { id: '1', name: '6" plate', size: 'L' } },
    { line: 3, fields: { id: '2', name: 'bowl' } },
  ])
})

test('a column that the header does not name is an error that lists those it does', async () => {
  await expect(csv('id, name\n1,pot\n', { columns: ['id', 'colour'] })).rejects.toThrow(
    /a\.csv cannot be read: its header has no column "colour"; it has "id", "name"/,
  )
})

test('a quote that is never closed is an error instead of a file in memory', async () => {
  const rest = 'x,y\n'.repeat(600_000)
  await expect(csv(`id,name\n1,"open\n${rest}`)).rejects.toThrow(/a\.csv cannot be read: .*record/i)
})

test('a damaged compressed file and one that is not there are named', async () => {
  const folder = await sampleFolder({ 'a.txt.gz': 'some tea\n'.repeat(10_000) })
  const path = join(folder, 'a.txt.gz')
  const whole = await readFile(path)
  await writeFile(path, whole.subarray(0, whole.length - 20))
  await expect(Array.fromAsync(readLines(path))).rejects.toThrow(/a\.txt\.gz cannot be read: unexpected end of file/)
  await expect(Array.fromAsync(readCsv(path))).rejects.toThrow(/a\.txt\.gz cannot be read: unexpected end of file/)
  await expect(Array.fromAsync(readLines(join(folder, 'none')))).rejects.toThrow(/none cannot be read: ENOENT/)
})

test('the bytes read grow up to the size of the file on disk', async () => {
  const folder = await sampleFolder({ 'a.csv.gz': 'id\n' })
  const path = join(folder, 'a.csv.gz')
  await appendFile(path, gzipSync(Array.from({ length: 50_000 }, (_, row) => `${row * 7919}\n`).join('')))
  const seen: number[] = []
  const rows = await Array.fromAsync(readCsv(path, { onBytes: (bytes) => seen.push(bytes) }))
  expect(rows).toHaveLength(50_000)
  expect(seen.length).toBeGreaterThan(1)
  expect(seen).toEqual(seen.toSorted((left, right) => left - right))
  expect(seen.at(-1)).toBe((await readFile(path)).length)
})
