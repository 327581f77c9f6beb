import { join } from 'node:path'
import { expect, test } from 'vitest'
import { movielens } from './movielens.ts'
import { rowsOf, sampleFolder } from './testing/sample-folder.ts'

const flags = (...set: number[]): string =>
  Array.from({ length: 19 }, (_, at) => (set.includes(at) ? '1' : '0')).join('|')
const items = Buffer.from(
  [
    `1|Le Thé (1997)|01-Jan-1997||http://films.example/the|${flags(5, 8)}`,
    `2|Nameless||||${flags()}`,
    `|No number (1990)||||${flags(1)}`,
  ].join('\n'),
  'latin1',
)
const people = '7|33|F|baker|10001\nx|old|M|baker|1\n'
const ratings = '7\t1\t5\t888000000\n7\t2\t9\t888000001\n7\t2\tfour\t888000001\n7\t2\n8\t1\t2\t888000002\n'

const open = async (suffix: '' | '.gz') =>
  movielens(
    await sampleFolder({ [`u.item${suffix}`]: items, [`u.user${suffix}`]: people, [`u.data${suffix}`]: ratings }),
  )

test.each(['', '.gz'] as const)('films, people and ratings of %j files become items and events', async (suffix) => {
  const files = await open(suffix)
  expect(files.map(({ part }) => part)).toEqual(['items', 'people', 'ratings'])
  expect(await rowsOf(files, 'items')).toEqual([
    {
      kind: 'item',
      line: 1,
      id: '1',
      body: {
        title: 'Le Thé (1997)',
        categories: ['Comedy', 'Drama'],
        url: 'http://films.example/the',
        attributes: { released: '01-Jan-1997', year: 1997 },
      },
    },
    { kind: 'item', line: 2, id: '2', body: { title: 'Nameless', attributes: {} } },
    { kind: 'rejected', line: 3, reason: 'id or title is empty' },
  ])
  expect(await rowsOf(files, 'people')).toMatchObject([
    { event: { type: 'identify', userId: '7', traits: { age: 33, gender: 'F', occupation: 'baker', zip: '10001' } } },
    { kind: 'rejected', line: 2 },
  ])
  expect(await rowsOf(files, 'ratings')).toEqual([
    {
      kind: 'event',
      line: 1,
      event: {
        type: 'track',
        messageId: 'movielens-rating-7-1-888000000',
        userId: '7',
        event: 'Product Reviewed',
        timestamp: '1998-02-20T18:40:00.000Z',
        properties: { product_id: '1', rating: 5 },
      },
    },
    expect.objectContaining({ kind: 'rejected', line: 2 }),
    expect.objectContaining({ kind: 'rejected', line: 3 }),
    expect.objectContaining({ kind: 'rejected', line: 4 }),
    expect.objectContaining({ kind: 'event', line: 5 }),
  ])
})

test('a folder that lacks a file is refused before anything is read', async () => {
  const folder = await sampleFolder({ 'u.item': '', 'u.user': '' })
  await expect(movielens(folder)).rejects.toThrow(`${folder} holds neither u.data nor u.data.gz`)
  await expect(movielens(join(folder, 'nowhere'))).rejects.toThrow('holds neither u.item')
})
