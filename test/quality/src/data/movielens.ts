import { readLines } from './files.ts'

/** Users and items are numbered from 0; `timesMs` lies beside them. */
export interface Ratings {
  readonly users: readonly number[]
  readonly items: readonly number[]
  readonly timesMs: readonly number[]
}

/** MovieLens 100K, `u.data`: user, item, rating, seconds; every rating is a positive. */
export async function readMovielens100k(dataDir: string): Promise<Ratings> {
  const ratings = { users: [] as number[], items: [] as number[], timesMs: [] as number[] }
  for (const [index, line] of (await readLines(dataDir, 'ml-100k/u.data')).entries()) {
    const [user, item, , seconds] = line.split('\t').map(Number)
    if (!Number.isInteger(user) || !Number.isInteger(item) || !Number.isInteger(seconds)) {
      throw new TypeError(`ml-100k/u.data line ${index + 1} is not "user item rating time"`)
    }
    ratings.users.push(Number(user) - 1)
    ratings.items.push(Number(item) - 1)
    ratings.timesMs.push(1000 * Number(seconds))
  }
  return ratings
}

/** Rows of `u.data`, counted from 0, that are the test part of the random 75/25 split. */
export const readTestRows = async (dataDir: string): Promise<ReadonlySet<number>> =>
  new Set((await readLines(dataDir, 'ml-100k/split-75-25.test-rows.txt')).map(Number))

/** A file with a line per user: `user item item …`. */
export async function readUserLines(dataDir: string, path: string): Promise<{ users: number[]; items: number[] }> {
  const pairs = { users: [] as number[], items: [] as number[] }
  for (const line of await readLines(dataDir, path)) {
    const [user, ...items] = line.trim().split(' ').map(Number)
    for (const item of items) {
      pairs.users.push(Number(user))
      pairs.items.push(item)
    }
  }
  return pairs
}
