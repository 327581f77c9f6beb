import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openResults } from './kept-results.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-results-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('has in a later run what an earlier one kept', async () => {
  const path = join(folder, 'state.json')
  const row = { model: 'svm', chosen: 'cost=1', metrics: { accuracy: 0.5 } }
  const first = await openResults(path)
  expect(first.get('a/svm')).toBeUndefined()
  await first.keep('a/svm', row)
  await first.keep('b/svm', row)
  const second = await openResults(path)
  expect(second.get('a/svm')?.row).toEqual(row)
  expect(second.get('b/svm')?.row).toEqual(row)
})

it('forgets in a fresh run what it measures, and nothing else', async () => {
  const path = join(folder, 'fresh.json')
  const row = { model: 'svm', chosen: 'cost=1', metrics: { accuracy: 0.5 } }
  const first = await openResults(path)
  await first.keep('a/svm', row)
  await first.keep('b/svm', row)
  const fresh = await openResults(path, { isFresh: true })
  expect(fresh.get('a/svm')).toBeUndefined()
  const renewed = { ...row, metrics: { accuracy: 0.6 } }
  await fresh.keep('a/svm', renewed)
  expect(fresh.get('a/svm')?.row).toEqual(renewed)
  const later = await openResults(path)
  expect(later.get('a/svm')?.row).toEqual(renewed)
  expect(later.get('b/svm')?.row).toEqual(row)
})

it.each(['[', '3'])('refuses a file of something else: %s', async (content) => {
  const path = join(folder, 'other.json')
  await writeFile(path, content)
  await expect(openResults(path)).rejects.toThrow(/does not hold results/)
})
