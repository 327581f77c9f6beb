import { RapportError } from '@rapport/core'
import { expect, it } from 'vitest'
import { createLogger } from '../logger.ts'
import { untilAvailable } from './until-available.ts'

const log = createLogger('test', { level: 'silent' })
const away = new RapportError('RPT_TEST_AWAY', 'away', { canRetry: true })
const refused = new RapportError('RPT_TEST_REFUSED', 'no such user')
const never = new AbortController().signal

/** Rejects with each of the errors in turn, then resolves. */
function failing(...errors: readonly Error[]) {
  const state = { attempts: 0, start: () => Promise.resolve('started') }
  state.start = () => {
    const error = errors[state.attempts]
    state.attempts += 1
    return error === undefined ? Promise.resolve('started') : Promise.reject(error)
  }
  return state
}

it('tries again while nobody answers', async () => {
  const state = failing(away, away)
  expect(await untilAvailable(state.start, { log, limitMs: 60_000, signal: never })).toBe('started')
  expect(state.attempts).toBe(3)
})

it('gives up at once when it is refused, and after its time otherwise', async () => {
  const state = failing(away, refused)
  await expect(untilAvailable(state.start, { log, limitMs: 60_000, signal: never })).rejects.toBe(refused)
  expect(state.attempts).toBe(2)
  await expect(untilAvailable(failing(away).start, { log, limitMs: -1, signal: never })).rejects.toBe(away)
})

it('ends with the signal', async () => {
  const stopping = new AbortController()
  const state = failing(away, away)
  const onUnavailable = (): Promise<void> => Promise.resolve(stopping.abort())
  expect(
    await untilAvailable(state.start, { log, limitMs: 60_000, signal: stopping.signal, onUnavailable }),
  ).toBeUndefined()
  expect(state.attempts).toBe(1)
})
