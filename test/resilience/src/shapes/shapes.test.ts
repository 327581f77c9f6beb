import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { compareShapes, differencesOf } from './compare-shapes.ts'
import { generateOrders } from './orders-file.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'separate processes give the same state, features and evaluation as one process, field by field',
  { timeout: 240_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const file = join(folder.path, 'orders.csv')
    await writeFile(file, generateOrders(800))
    const report = await compareShapes(file, () => undefined)
    expect(report.differences).toEqual([])
    expect(report.events).toBe(800)
    expect(report.appliedByProcess).toHaveLength(2)
    const { users, visitors, items, state, features, evaluation } = report.compared
    expect(users).toBeGreaterThan(80)
    expect(visitors).toBeGreaterThan(80)
    expect(items).toBe(80)
    expect(state).toBeGreaterThan(10_000)
    expect(features).toBeGreaterThan(10_000)
    expect(evaluation).toBeGreaterThan(50)
  },
)

it('what differs is named, also what only one has', () => {
  const one = new Map([
    ['user 1, orders:all', '1'],
    ['user 2, orders:all', '2'],
  ])
  const separate = new Map([
    ['user 2, orders:all', '3'],
    ['user 3, orders:all', '4'],
  ])
  expect(differencesOf(one, one)).toEqual([])
  expect(differencesOf(one, separate)).toEqual([
    { place: 'user 1, orders:all', inOneProcess: '1', inSeparateProcesses: undefined },
    { place: 'user 2, orders:all', inOneProcess: '2', inSeparateProcesses: '3' },
    { place: 'user 3, orders:all', inOneProcess: undefined, inSeparateProcesses: '4' },
  ])
})
