import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventLog, LogRecord } from '../event-log.ts'
import { bytes, openTopics, sequence, text, WAIT, type EventLogHarness, type OpenHarness } from './harness.ts'

/** Followers: every one gets the whole topic, then what comes. */
export function describeBroadcast(name: string, open: OpenHarness): void {
  describe(`${name}: event log: broadcast`, () => {
    let table: string
    let harness: EventLogHarness
    let log: EventLog

    beforeEach(async () => {
      ;({ table, harness, log } = await openTopics(open))
    })
    afterEach(() => harness[Symbol.asyncDispose]())

    const apply = (state: Map<string, string>) => (records: readonly LogRecord[]) => {
      for (const { key, value } of records) {
        if (value === null) state.delete(key)
        else state.set(key, text(value) ?? '')
      }
    }

    test('every follower gets the newest state of each key, then what comes', async () => {
      await log.publish(sequence(table, 100))
      await log.publish([{ topic: table, key: 'key-3', value: null }])
      const other = await harness.connect()
      const states = [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()] as const
      await using one = await log.follow(table, apply(states[0]))
      await using two = await other.follow(table, apply(states[1]))
      await one.caughtUp
      await using three = await log.follow(table, apply(states[2]))
      await Promise.all([two.caughtUp, three.caughtUp])
      const expected = new Map(sequence(table, 100).map(({ key, value }) => [key, text(value)]))
      expected.delete('key-3')
      expect(states).toEqual([expected, expected, expected])

      await log.publish([
        { topic: table, key: 'key-0', value: null },
        { topic: table, key: 'new', value: bytes('n') },
      ])
      await vi.waitFor(() => {
        for (const state of states) expect([state.has('key-0'), state.get('new')]).toEqual([false, 'n'])
      }, WAIT)
    })

    test('a follower of an empty topic is caught up at once', async () => {
      await using follower = await log.follow(table, () => undefined)
      await expect(follower.caughtUp).resolves.toBeUndefined()
    })

    test('hands over one call at a time, and again what was rejected', async () => {
      await log.publish(sequence(table, 40, 40))
      let inside = 0
      let most = 0
      let failures = 2
      const seen = new Set<string>()
      await using follower = await log.follow(table, async (records) => {
        inside += 1
        most = Math.max(most, inside)
        await log.extents(table)
        inside -= 1
        failures -= 1
        if (failures >= 0) throw new Error('not yet')
        for (const { key } of records) seen.add(key)
      })
      await follower.caughtUp
      expect(seen.size).toBe(40)
      expect(most).toBe(1)
    })
  })
}
