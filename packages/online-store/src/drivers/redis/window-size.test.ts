import { expect, test } from 'vitest'
import type { Application } from '../../online-store.ts'
import { applyAll } from './apply.ts'
import type { StoreCommand } from './command-runner.ts'
import { WindowSize } from './window-size.ts'

const applications = (count: number): Application[] =>
  Array.from({ length: count }, (_, id) => ({
    entity: { tenant: 'shop', kind: 'item', id: `i${id}` },
    topic: 'events',
    partition: 0,
    entries: [{ offset: id, messageId: `m${id}`, receivedAtMs: 0, changes: [] }],
  }))

test('a slow server is sent less at once, a failing one half, and one that is quick again as much as before', () => {
  const size = new WindowSize(1000)
  expect([size.scripts, size.changes]).toEqual([500, 8000])
  size.answered(100)
  expect(size.scripts).toBe(500)
  size.answered(250)
  expect(size.scripts).toBe(400)
  size.answered(10_000)
  expect(size.scripts).toBe(200)
  size.failed()
  expect([size.scripts, size.changes]).toEqual([100, 1600])
  // Nearly as long as it may take: neither more nor less.
  size.answered(190)
  expect(size.scripts).toBe(100)
  for (let windows = 0; windows < 20; windows += 1) size.failed()
  expect([size.scripts, size.changes]).toEqual([5, 80])
  for (let windows = 0; windows < 30; windows += 1) size.answered(1)
  expect([size.scripts, size.changes]).toEqual([500, 8000])
})

test('what is left of a call is sent in windows of the new size', async () => {
  const sent: number[] = []
  const run = async (_what: string, commands: readonly StoreCommand[]): Promise<string[]> => {
    sent.push(commands.length)
    if (sent.length === 2) throw new Error('no answer in time')
    return commands.map(() => 'a')
  }
  const how = { session: undefined, size: new WindowSize(1000) }
  await expect(applyAll({ run }, applications(1200), how)).rejects.toThrow('no answer in time')
  expect(await applyAll({ run }, applications(1200), how)).toHaveLength(1200)
  expect(sent.slice(0, 3)).toEqual([500, 500, 250])
  expect(sent.slice(2).reduce((sum, count) => sum + count)).toBe(1200)
})
