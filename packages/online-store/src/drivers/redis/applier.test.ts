import { RapportError } from '@rapport/core'
import { describe, expect, test } from 'vitest'
import { StoreSessionError, StoreUnavailableError } from '../../errors.ts'
import type { Application } from '../../online-store.ts'
import { Applier } from './applier.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { timeoutError } from './server-errors.ts'

const applications = (count: number): Application[] =>
  Array.from({ length: count }, (_, id) => ({
    entity: { tenant: 'shop', kind: 'item', id: `i${id}` },
    topic: 'events',
    partition: 0,
    entries: [{ offset: id, messageId: `m${id}`, receivedAtMs: 0, changes: [] }],
  }))

/** A store that answers in the order of the calls, when it is told to. */
class SlowStore implements Pick<CommandRunner, 'run'> {
  readonly windows: number[] = []
  readonly #open: PromiseWithResolvers<void>[] = []

  async run(_what: string, commands: readonly StoreCommand[]): Promise<string[]> {
    this.windows.push(commands.length)
    const answer = Promise.withResolvers<void>()
    this.#open.push(answer)
    await answer.promise
    return commands.map(() => 'a')
  }

  get underWay(): number {
    return this.#open.length
  }

  async answer(): Promise<void> {
    this.#open.shift()?.resolve()
    await new Promise(setImmediate)
  }
}

const late = (): Error => new StoreUnavailableError('no answer', { cause: timeoutError('Command timed out') })

test('what is left of a call is sent in windows of the new size after one that was late', async () => {
  const sent: number[] = []
  let isLate = false
  const run = async (_what: string, commands: readonly StoreCommand[]): Promise<string[]> => {
    sent.push(commands.length)
    if (isLate && sent.length === 2) throw late()
    return commands.map(() => 'a')
  }
  const applier = new Applier({ run }, 1000)
  await applier.apply(applications(5000), {})
  sent.splice(0)
  isLate = true
  await expect(applier.apply(applications(1200), {})).rejects.toThrow('no answer')
  expect(await applier.apply(applications(1200), {})).toHaveLength(1200)
  expect(sent.slice(0, 3)).toEqual([500, 500, 250])
  expect(sent.slice(2).reduce((sum, count) => sum + count)).toBe(1200)
})

test('calls that could not be sent say nothing of the speed of the store', async () => {
  const sent: number[] = []
  let isLost = true
  const run = async (_what: string, commands: readonly StoreCommand[]): Promise<string[]> => {
    if (isLost) throw new StoreSessionError()
    sent.push(commands.length)
    return commands.map(() => 'a')
  }
  const applier = new Applier({ run }, 1000)
  const calls = Array.from({ length: 8 }, () => applier.apply(applications(40), { session: 1 }))
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  isLost = false
  await applier.apply(applications(50), {})
  expect(sent).toEqual([50])
})

describe('among others', () => {
  test('two windows are under way at once, and calls end in the order in which they came', async () => {
    const store = new SlowStore()
    const applier = new Applier(store, 1000)
    const ended: number[] = []
    const calls = Array.from({ length: 6 }, async (_, index) => {
      await applier.apply(applications(10), {})
      ended.push(index)
    })
    for (let answered = 0; answered < 6; answered += 1) {
      expect(store.underWay).toBe(Math.min(2, 6 - answered))
      await store.answer()
      expect(ended).toHaveLength(answered + 1)
    }
    await Promise.all(calls)
    expect(ended).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('a short call waits for one window of a long one, not for all', async () => {
    const store = new SlowStore()
    const applier = new Applier(store, 1000)
    const long = [applier.apply(applications(500), {}), applier.apply(applications(500), {})]
    let isShortDone = false
    const short = applier.apply(applications(1), {}).then(() => (isShortDone = true))
    for (let answered = 0; answered < 3; answered += 1) await store.answer()
    expect(isShortDone).toBe(true)
    while (store.underWay > 0) await store.answer()
    await Promise.all([short, ...long])
  })

  test('a call of nothing waits for nobody', async () => {
    const store = new SlowStore()
    const applier = new Applier(store, 1000)
    const busy = [applier.apply(applications(1), {}), applier.apply(applications(1), {})]
    expect(await applier.apply([], {})).toEqual([])
    await store.answer()
    await store.answer()
    await Promise.all(busy)
  })

  test('whoever loses the right to write while waiting writes nothing more, and hands the turn on', async () => {
    const store = new SlowStore()
    const applier = new Applier(store, 1000)
    const others = [applier.apply(applications(1), {}), applier.apply(applications(1), {})]
    let mayWrite = true
    const beforeWrite = (): void => {
      if (!mayWrite) throw new RapportError('RPT_TEST_LOST', 'the partition has gone')
    }
    const waiting = Promise.allSettled([applier.apply(applications(200), { beforeWrite })])
    await store.answer()
    expect(store.windows).toHaveLength(3)
    // After its first window.
    mayWrite = false
    await store.answer()
    await store.answer()
    expect(await waiting).toMatchObject([{ status: 'rejected', reason: { message: 'the partition has gone' } }])
    const behind = applier.apply(applications(7), {})
    await store.answer()
    await Promise.all([behind, ...others])
    expect(store.windows.slice(3)).toEqual([7])
  })
})
