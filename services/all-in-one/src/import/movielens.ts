import { existingFile } from './existing-file.ts'
import type { ImportFile, ImportRow } from './import-row.ts'
import { rejected } from './import-row.ts'
import type { ReadOptions } from './read-table.ts'
import { readLines } from './read-table.ts'

/** Genres in the order of the flags in `u.item` (from the data set's `u.genre`). */
const genres = [
  'unknown',
  'Action',
  'Adventure',
  'Animation',
  "Children's",
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Fantasy',
  'Film-Noir',
  'Horror',
  'Musical',
  'Mystery',
  'Romance',
  'Sci-Fi',
  'Thriller',
  'War',
  'Western',
]

/** MovieLens 100K: films as items, ages and occupations as traits, every rating as a `Product Reviewed`. */
export async function movielens(folder: string): Promise<readonly ImportFile[]> {
  const parts = [
    { part: 'items', name: 'u.item', rows: films },
    { part: 'people', name: 'u.user', rows: people },
    { part: 'ratings', name: 'u.data', rows: ratings },
  ]
  // One after another, so that the file named as missing is always the first one that is.
  const files: ImportFile[] = []
  for (const { part, name, rows } of parts) {
    const path = await existingFile(folder, name)
    files.push({ part, path, rows: (options) => rows(path, options) })
  }
  return files
}

async function* films(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, text } of readLines(path, { ...options, encoding: 'latin1' })) {
    const [id, title, released, , url, ...flags] = text.split('|')
    if (!id || !title) {
      yield rejected(line, 'id or title is empty')
      continue
    }
    const categories = genres.filter((_, index) => flags[index] === '1')
    const year = /\((\d{4})\)\s*$/.exec(title)?.[1]
    yield {
      kind: 'item',
      line,
      id,
      body: {
        title,
        ...(categories.length > 0 && { categories }),
        ...(url && { url }),
        attributes: { ...(released && { released }), ...(year !== undefined && { year: Number(year) }) },
      },
    }
  }
}

async function* people(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, text } of readLines(path, options)) {
    const [id, age, gender, occupation, zip] = text.split('|')
    if (!id || !age || !Number.isFinite(Number(age))) {
      yield rejected(line, 'id is empty or age is not a number')
      continue
    }
    yield {
      kind: 'event',
      line,
      event: {
        type: 'identify',
        messageId: `movielens-user-${id}`,
        userId: id,
        // The data set was collected until this day; the people's file itself has no times.
        timestamp: '1998-04-22T00:00:00.000Z',
        traits: { age: Number(age), gender, occupation, zip },
      },
    }
  }
}

async function* ratings(path: string, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, text } of readLines(path, options)) {
    const [user, item, rating, seconds] = text.split('\t')
    const atMs = Number(seconds) * 1000
    const stars = Number(rating)
    if (!user || !item || !(stars >= 1 && stars <= 5) || !Number.isSafeInteger(atMs) || atMs <= 0) {
      yield rejected(line, 'expected user, item, rating from 1 to 5 and seconds since 1970, separated by tabs')
      continue
    }
    yield {
      kind: 'event',
      line,
      event: {
        type: 'track',
        messageId: `movielens-rating-${user}-${item}-${seconds}`,
        userId: user,
        event: 'Product Reviewed',
        timestamp: new Date(atMs).toISOString(),
        properties: { product_id: item, rating: stars },
      },
    }
  }
}
