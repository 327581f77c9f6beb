import { systemClock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { afterEach, expect, it, vi } from 'vitest'
import { moveAlias, promoteTo } from './move-alias.ts'
import { champion } from './testing/fixture.ts'

afterEach(() => void vi.useRealTimers())

it('an alias that others change again and again is a conflict, as one is that was changed once', async () => {
  vi.useFakeTimers()
  const put = vi.fn<ObjectStore['put']>(() => Promise.resolve({ stored: false }))
  const store = { get: () => Promise.resolve(undefined), put }
  const moving = Promise.allSettled([moveAlias(store, champion, { choose: promoteTo('v1'), clock: systemClock })])
  await vi.runAllTimersAsync()
  const cause = { code: 'RPT_OBJECT_RECORD_CONTENDED' }
  const error = { name: 'AliasConflictError', code: 'RPT_MODEL_ALIAS_CONFLICT', cause }
  expect(await moving).toMatchObject([{ status: 'rejected', reason: error }])
  expect(put.mock.calls.length).toBeGreaterThan(1)
})
