import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('runs so many at once, the others in the order in which they came', async () => {
  const turns = new Turns(2)
  const started: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const runs = ends.map(({ promise }, index) =>
    turns.run(async () => {
      started.push(index)
      await promise
      return index
    }),
  )
  expect(started).toEqual([0, 1])
  ends[1]?.resolve()
  expect(await runs[1]).toBe(1)
  await Promise.resolve()
  expect(started).toEqual([0, 1, 2])
  for (const { resolve } of ends) resolve()
  expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4])
  expect(started).toEqual([0, 1, 2, 3, 4])
})

test('work that fails hands its turn on', async () => {
  const turns = new Turns(1)
  const failing = turns.run(() => Promise.reject(new Error('no')))
  const next = turns.run(() => Promise.resolve('next'))
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
  expect(await turns.run(() => Promise.resolve('later'))).toBe('later')
})
