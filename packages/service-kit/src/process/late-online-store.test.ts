import { StoreUnavailableError, type OnlineStore } from '@rapport/online-store'
import { expect, it, vi } from 'vitest'
import { createLogger } from '../logger.ts'
import { createTestPlatform } from '../testing.ts'
import { connectNowOrLater } from './late-online-store.ts'

const log = createLogger('test', { level: 'silent' })
const entity = { tenant: 'shop', kind: 'item', id: 'lamp' }
const away = new StoreUnavailableError('it does not answer')

it('fails as in an outage until a connection stands, and is the store from then on', async () => {
  await using platform = await createTestPlatform()
  let isAway = true
  const connect = (): Promise<OnlineStore> =>
    isAway ? Promise.reject(away) : Promise.resolve(platform.dependencies.onlineStore)
  await using store = await connectNowOrLater(connect, log)
  await expect(store.readDocuments([entity])).rejects.toMatchObject({ canRetry: true })
  await expect(store.ping()).rejects.toMatchObject({ canRetry: true })
  const { session } = store
  expect(store.stats()).toMatchObject({ isUnavailable: true, sessionsLostTotal: 0, cache: { isUnavailable: true } })
  isAway = false
  await vi.waitFor(() => store.ping(), 10_000)
  expect(await store.writeDocuments([{ entity, value: 'a lamp' }])).toEqual([{ written: true, version: 1 }])
  expect(await store.readDocuments([entity])).toEqual([{ version: 1, value: 'a lamp' }])
  // Whoever has looked before may have missed writes of others.
  expect(store.session).not.toBe(session)
  expect(store.stats()).toMatchObject({ isUnavailable: false, sessionsLostTotal: 1, cache: { isUnavailable: false } })
  const change = { op: 'tally', part: 'tally/views', field: 'lamp', amount: 1 } as const
  const entries = [{ offset: 0, messageId: 'm0', receivedAtMs: 0, changes: [change] }]
  const application = { entity, topic: 'events', partition: 0, entries }
  expect(await store.apply([application], { session: store.session })).toEqual([['applied']])
})

it('does not wait for a store that refuses, and ends while none answers', async () => {
  const refusal = new Error('wrong password')
  await expect(connectNowOrLater(() => Promise.reject(refusal), log)).rejects.toBe(refusal)
  const store = await connectNowOrLater(() => Promise.reject(away), log)
  await store[Symbol.asyncDispose]()
})
