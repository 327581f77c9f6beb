import { itemKey, topics } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { itemOf } from '../domain/testing.ts'
import { composeRecommendationService } from '../service.ts'
import { GivenModels, TestShop } from '../testing.ts'

/** An event log that already holds a sold-out item, and hands items over late. */
const withSoldOut = (log: EventLog): EventLog =>
  new Proxy(log, {
    get(target, name) {
      if (name !== 'follow') {
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (topic: string, onRecords: Parameters<EventLog['follow']>[1]) => {
        if (topic !== topics.items.name) return target.follow(topic, onRecords)
        const value = Buffer.from(JSON.stringify(itemOf('sold-out', { available: false })))
        await target.publish([{ topic, key: itemKey('shop', 'sold-out'), value }])
        return target.follow(topic, async (records) => {
          for (let turn = 0; turn < 100; turn += 1) await nextTurn()
          await onRecords(records)
        })
      }
    },
  })

it('begins to answer when the catalogue of before is known, so that nothing withdrawn is shown', async () => {
  const missing: string[] = []
  await using shop = await TestShop.open({
    wrap: (given) => ({ ...given, eventLog: withSoldOut(given.eventLog) }),
    create: (config, dependencies) => {
      const models = new GivenModels()
      const service = composeRecommendationService(config, dependencies, { models, shops: models.shops })
      const startServing = async (): Promise<void> => {
        await service.startServing()
        missing.push(...service.notReady())
      }
      return Promise.resolve({ ...service, startServing })
    },
  })
  expect(missing).toEqual([])
  await shop.act({ userId: 'ann' }, 'Product Viewed', 'sold-out')
  expect((await shop.recommend({ userId: 'bob' })).items).toEqual([])
})
