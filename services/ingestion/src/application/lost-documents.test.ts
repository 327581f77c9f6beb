import { topics, type Item } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import type { OnlineStore } from '@rapport/online-store'
import { afterEach, expect, it, vi } from 'vitest'
import { override } from '../testing/override.ts'
import { decodeItem, startIngestion, type RunningIngestion, type StartOptions } from '../testing/start-ingestion.ts'

let running: RunningIngestion
const start = async (options: StartOptions = {}) => {
  running = await startIngestion(options)
}
afterEach(() => running[Symbol.asyncDispose]())

const lamp = { tenant: 'shop', kind: 'item', id: 'lamp' }
const headers = () => ({ 'x-api-key': running.key })
const call = (method: 'GET' | 'PUT' | 'PATCH', payload?: object) =>
  running.app.inject({ method, url: '/v1/items/lamp', headers: headers(), ...(payload && { payload }) })
const put = async (title: string) => (await call('PUT', { title })).json<Item>()
const documentOf = async (store: OnlineStore) => (await store.readDocuments([lamp]))[0]?.value
const records = async () => (await running.records(topics.items.name)).map(decodeItem)

/** What somebody has who follows the topic: of two records the higher version, of equal ones the first. */
const followed = async () =>
  (await records()).reduce<Item | undefined>(
    (known, item) => (known === undefined || item.version > known.version ? item : known),
    undefined,
  )

/** Puts three versions, then takes the document back to the first, as a failover to a replica that lags does. */
async function goBack(): Promise<void> {
  await put('one')
  const older = (await documentOf(running.onlineStore)) ?? null
  await put('two')
  await put('three')
  await running.onlineStore.clearDocuments('shop')
  await running.onlineStore.writeDocuments([{ entity: lamp, value: older }])
  expect(await documentOf(running.onlineStore)).toMatchObject({ version: 1 })
}

it('gives out no version that the topic has had, on a document that has gone back', async () => {
  await start()
  await goBack()
  expect(await put('four')).toMatchObject({ version: 4, title: 'four' })
  expect(await followed()).toMatchObject({ version: 4, body: { title: 'four' } })
  expect((await records()).at(-1)).toMatchObject({ version: 4 })
})

it('patches what the topic has, and not a document that has gone back', async () => {
  await start()
  await goBack()
  expect((await call('PATCH', { brand: 'Lumen' })).json()).toMatchObject({ version: 4, title: 'three', brand: 'Lumen' })
})

it('goes on counting when the store was emptied without a lost connection', async () => {
  await start()
  await put('one')
  await put('two')
  await running.onlineStore.clearDocuments('shop')
  expect(await put('three')).toMatchObject({ version: 3 })
  await running.onlineStore.clearDocuments('shop')
  expect((await call('GET')).json()).toMatchObject({ version: 3, title: 'three' })
})

it('does not answer for a version that another process has published first', async () => {
  let overtake: (() => Promise<unknown>) | undefined
  const wrapEventLog = (eventLog: EventLog): EventLog =>
    override(eventLog, {
      async publish(outgoing, options) {
        const first = overtake
        overtake = undefined
        await first?.()
        return eventLog.publish(outgoing, options)
      },
    })
  await start({ wrapEventLog })
  await put('one')
  // The store has lost the document of this version, so that its number was given out twice.
  const body = { title: 'theirs' }
  const theirs = { tenant: 'shop', id: 'lamp', version: 2, updatedAt: '2026-01-01T00:00:00.000Z', body }
  overtake = () =>
    running.eventLog.publish([
      { topic: topics.items.name, key: 'shop/lamp', value: Buffer.from(JSON.stringify(theirs)) },
    ])
  expect(await put('ours')).toMatchObject({ version: 3, title: 'ours' })
  expect(await followed()).toMatchObject({ version: 3, body: { title: 'ours' } })
  expect((await records()).at(-1)).toMatchObject({ version: 3 })
})

it('restores items that nobody asks for when the session of the store has ended', async () => {
  let sessions = 0
  await start({
    wrapOnlineStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (name === 'session') return sessions
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      }),
  })
  await running.consume()
  await goBack()
  sessions += 1
  await vi.waitFor(async () => expect(await documentOf(running.onlineStore)).toMatchObject({ version: 3 }), 10_000)
})
