import { expect, test } from 'vitest'
import type { Application } from '../../online-store.ts'
import { Applier } from './apply.ts'
import type { StoreCommand } from './command-runner.ts'

const applications = (count: number): Application[] =>
  Array.from({ length: count }, (_, id) => ({
    entity: { tenant: 'shop', kind: 'item', id: `i${id}` },
    topic: 'events',
    partition: 0,
    entries: [{ offset: id, messageId: `m${id}`, receivedAtMs: 0, changes: [] }],
  }))

test('what is left of a call is sent in windows of the new size', async () => {
  const sent: number[] = []
  let isBroken = false
  const run = async (_what: string, commands: readonly StoreCommand[]): Promise<string[]> => {
    sent.push(commands.length)
    if (isBroken && sent.length === 2) throw new Error('no answer in time')
    return commands.map(() => 'a')
  }
  const applier = new Applier({ run }, 1000)
  await applier.apply(applications(5000), undefined)
  sent.splice(0)
  isBroken = true
  await expect(applier.apply(applications(1200), undefined)).rejects.toThrow('no answer in time')
  expect(await applier.apply(applications(1200), undefined)).toHaveLength(1200)
  expect(sent.slice(0, 3)).toEqual([500, 500, 250])
  expect(sent.slice(2).reduce((sum, count) => sum + count)).toBe(1200)
})

test('two windows are under way at once, whoever sends them', async () => {
  let underWay = 0
  let most = 0
  const run = async (_what: string, commands: readonly StoreCommand[]): Promise<string[]> => {
    most = Math.max(most, (underWay += 1))
    await new Promise(setImmediate)
    underWay -= 1
    return commands.map(() => 'a')
  }
  const applier = new Applier({ run }, 1000)
  const outcomes = await Promise.all([200, 300, 400].map((count) => applier.apply(applications(count), undefined)))
  expect(outcomes.map((of) => of.flat().length)).toEqual([200, 300, 400])
  expect(most).toBe(2)
})
