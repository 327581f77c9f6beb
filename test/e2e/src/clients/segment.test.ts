import { PublishError } from '@rapport/messaging'
import { Analytics } from '@segment/analytics-node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startClientPlatform, type ClientPlatform, type ClientPlatformOptions } from './client-platform.ts'

let platform: ClientPlatform
afterEach(() => platform[Symbol.asyncDispose]())

/** The client as its users configure it, with the address alone changed. */
const connect = (writeKey: string) =>
  new Analytics({ writeKey, host: platform.url, path: '/v1/batch', flushAt: 20, flushInterval: 200 })

const viewed = 'Product Viewed'
const users = ['ada', 'bo', 'cleo']

async function sendViews(analytics: Analytics, count: number): Promise<{ delivered: number; failed: unknown[] }> {
  let delivered = 0
  const failed: unknown[] = []
  for (let index = 0; index < count; index++) {
    const call = {
      userId: users[index % users.length] ?? '',
      event: viewed,
      properties: { product_id: `item-${index}` },
    }
    analytics.track(call, (error) => (error === undefined ? delivered++ : failed.push(error)))
  }
  await analytics.closeAndFlush({ timeout: 20_000 })
  return { delivered, failed }
}

async function expectEachAppliedOnce(count: number): Promise<void> {
  const perUser = users.map((_, index) => Math.ceil((count - index) / users.length))
  await vi.waitFor(
    async () => {
      const applied = await Promise.all(users.map((userId) => platform.applied(userId, viewed)))
      expect(applied).toEqual(perUser)
    },
    { timeout: 20_000, interval: 50 },
  )
}

describe('the Segment client for Node, unmodified', () => {
  it('has every kind of call taken', async () => {
    platform = await startClientPlatform()
    const analytics = connect(platform.key)
    const happenedAt = new Date(Date.now() - 3_600_000)
    analytics.identify({ userId: 'ada', traits: { name: 'Ada', plan: 'gold' } })
    analytics.track({
      userId: 'ada',
      anonymousId: 'a-1',
      event: viewed,
      properties: { product_id: 'tea' },
      timestamp: happenedAt,
    })
    analytics.page({ anonymousId: 'a-1', category: 'Docs', name: 'Home', properties: { path: '/' } })
    analytics.screen({ userId: 'ada', name: 'Cart' })
    analytics.group({ userId: 'ada', groupId: 'g-1', traits: { size: 3 } })
    analytics.alias({ userId: 'ada', previousId: 'a-1' })
    await analytics.flush()
    await analytics.closeAndFlush({ timeout: 5_000 })
    const events = new Map((await platform.events()).map((event) => [event.type, event]))
    expect([...events.keys()].toSorted()).toEqual(['alias', 'group', 'identify', 'page', 'screen', 'track'])
    expect(events.get('identify')).toMatchObject({ userId: 'ada', traits: { name: 'Ada', plan: 'gold' } })
    expect(events.get('track')).toMatchObject({
      event: viewed,
      anonymousId: 'a-1',
      properties: { product_id: 'tea' },
      originalTimestamp: happenedAt.toISOString(),
      context: { library: { name: '@segment/analytics-node' } },
    })
    expect(Date.parse(events.get('track')?.timestamp ?? '') - happenedAt.getTime()).toBeLessThan(5_000)
    expect(events.get('page')).toMatchObject({
      event: 'Home',
      anonymousId: 'a-1',
      properties: { category: 'Docs', path: '/' },
    })
    expect(events.get('group')).toMatchObject({ groupId: 'g-1', traits: { size: 3 } })
    expect(events.get('alias')).toMatchObject({ userId: 'ada', previousId: 'a-1' })
    expect(platform.statuses.every((status) => status === 200)).toBe(true)
  })

  it('is told of a wrong key', async () => {
    platform = await startClientPlatform()
    const { delivered, failed } = await sendViews(connect('rpt_wrong'), 1)
    expect([delivered, failed.length]).toEqual([0, 1])
    expect(platform.statuses).toEqual([401])
  })

  it('waits as 429 says and loses nothing', async () => {
    await expectNothingLost({ rateLimit: { perSecond: 100, burst: 100 } }, 429, async () => {
      // Somebody else with the same key empties the bucket, and owes.
      const batch = Array.from({ length: 200 }, () => ({ type: 'track', userId: 'else', event: 'x' }))
      const answer = await fetch(`${platform.url}/v1/batch`, {
        method: 'POST',
        body: JSON.stringify({ batch, writeKey: platform.key }),
      })
      expect(answer.status).toBe(200)
    })
  })

  it('sends again after 503 and loses nothing, when nothing had been written', async () => {
    let refusals = 2
    const publish: ClientPlatformOptions['publish'] = (eventLog, records) =>
      refusals-- > 0
        ? Promise.reject(PublishError.unknown('commit failed', 'the disk is full'))
        : eventLog.publish(records)
    await expectNothingLost({ publish }, 503)
    expect(await platform.events()).toHaveLength(60)
  })

  it('sends again after 503, and nothing is applied twice, when everything had been written', async () => {
    let doubts = 2
    const publish: ClientPlatformOptions['publish'] = async (eventLog, records) => {
      const positions = await eventLog.publish(records)
      if (doubts-- > 0) throw PublishError.unknown('deadline', 'written, and nobody heard of it')
      return positions
    }
    await expectNothingLost({ publish }, 503)
    expect((await platform.events()).length).toBeGreaterThan(60)
  })
})

async function expectNothingLost(options: ClientPlatformOptions, status: number, before?: () => Promise<void>) {
  platform = await startClientPlatform(options)
  await before?.()
  const { delivered, failed } = await sendViews(connect(platform.key), 60)
  expect({ delivered, failed }).toEqual({ delivered: 60, failed: [] })
  // The fault did happen.
  expect(platform.statuses).toContain(status)
  const views = (await platform.events()).filter(({ event }) => event === viewed)
  expect(new Set(views.map(({ messageId }) => messageId)).size).toBe(60)
  await expectEachAppliedOnce(60)
}
