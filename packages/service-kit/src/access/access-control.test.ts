import { accessKey, operatorTenant, scopes, topics, type TenantAccess } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestPlatform, type TestPlatform } from '../testing.ts'
import { AccessControl } from './access-control.ts'
import { readTenantAccess } from './access-records.ts'
import { createApiKeyText } from './api-key.ts'
import {
  createKey,
  createTenant,
  ensureAdminKey,
  listTenantAccess,
  revokeKey,
  type NewTenant,
} from './change-access.ts'

let platform: TestPlatform
beforeEach(async () => {
  platform = await createTestPlatform()
})
afterEach(() => platform[Symbol.asyncDispose]())

async function newTenant(...call: Parameters<typeof createTenant>): Promise<NewTenant> {
  const made = await createTenant(...call)
  if (typeof made === 'string') throw new Error(made)
  return made
}
const keysOf = async (tenant: string): Promise<TenantAccess['keys']> =>
  (await readTenantAccess(platform.drivers.objectStore, tenant))?.access.keys ?? []

describe('AccessControl', () => {
  it('knows a key by every header that can carry it', async () => {
    const key = await platform.issueKey('acme', ['recommend'])
    const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
    for (const header of [`Bearer ${key}`, basic, key]) {
      expect(platform.access.fromHeader(header)).toMatchObject({ tenant: 'acme' })
      expect(platform.access.fromHeader(header)?.scopes).toEqual(new Set(['recommend']))
    }
    expect(platform.access.fromHeader(`Bearer ${key.slice(0, -1)}`)).toBeUndefined()
  })

  it('looks a new key up before its announcement comes, within bounds', async () => {
    const { eventLog, objectStore } = platform.drivers
    const quiet = new Proxy(eventLog, {
      get: (target, name) => (name === 'publish' ? () => Promise.resolve([]) : Reflect.get(target, name)),
    })
    let listings = 0
    const counted = new Proxy(objectStore, {
      get(target, name) {
        if (name === 'list') listings += 1
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const options = { ...platform.dependencies, objectStore: counted, clock: { now: () => 0 } }
    await using access = new AccessControl(options)
    await access.start()
    const made = await newTenant({ ...platform.dependencies, eventLog: quiet }, 'acme', { name: 'k', scopes: ['text'] })
    expect(access.fromKey(made.firstKey.key)).toBeUndefined()
    expect(await access.lookUp(made.firstKey.key)).toMatchObject({ tenant: 'acme' })
    expect(await access.lookUp('no key at all')).toBeUndefined()
    expect(listings).toBe(2)
    const guesses = Array.from({ length: 50 }, () => access.lookUp(createApiKeyText()))
    expect(await Promise.all(guesses)).toEqual(guesses.map(() => undefined))
    for (let guess = 0; guess < 50; guess += 1) await access.lookUp(createApiKeyText())
    expect(listings).toBeLessThan(30)
  })

  it('stops a revoked key by broadcast, also where its header was seen before', async () => {
    const key = await platform.issueKey('acme', ['recommend'])
    expect(platform.access.fromHeader(`Bearer ${key}`)).toBeDefined()
    const [record] = await keysOf('acme')
    await revokeKey(platform.dependencies, 'acme', record?.id ?? '')
    await vi.waitFor(() => expect(platform.access.fromHeader(`Bearer ${key}`)).toBeUndefined())
  })

  it('finds changes by polling when no announcement comes', async () => {
    const quiet = {
      ...platform.drivers.eventLog,
      publish: async () => [],
      follow: platform.drivers.eventLog.follow.bind(platform.drivers.eventLog),
    }
    const made = await newTenant({ ...platform.dependencies, eventLog: quiet }, 'acme', {
      name: 'k',
      scopes: ['text'],
    })
    await using polling = new AccessControl({ ...platform.dependencies, pollMs: 5 })
    await polling.start()
    const key = made.firstKey.key
    expect(polling.fromKey(key)).toBeDefined()
    await revokeKey({ ...platform.dependencies, eventLog: quiet }, 'acme', made.firstKey.record.id)
    await vi.waitFor(() => expect(polling.fromKey(key)).toBeUndefined())
  })

  it('forgets a tenant whose record is gone', async () => {
    const key = await platform.issueKey('acme', ['recommend'])
    await platform.drivers.objectStore.delete([accessKey('acme')])
    await platform.access.refresh()
    expect(platform.access.fromKey(key)).toBeUndefined()
  })

  it('goes on with what it knows when the object store is down, and is not ready when it never answered', async () => {
    const key = await platform.issueKey('acme', ['recommend'])
    let down = false
    const store = platform.drivers.objectStore
    const flaky = {
      get: (name: string) => store.get(name),
      list: (prefix: string) => {
        if (down) throw new Error('the store is down')
        return store.list(prefix)
      },
    }
    await using access = new AccessControl({ ...platform.dependencies, objectStore: flaky as never })
    await access.start()
    down = true
    await access.refresh()
    expect(access.fromKey(key)).toBeDefined()
    expect(access.notReady()).toEqual([])

    await using late = new AccessControl({ ...platform.dependencies, objectStore: flaky as never, pollMs: 5 })
    await late.start()
    expect(late.notReady()).toHaveLength(1)
    down = false
    await vi.waitFor(() => expect(late.notReady()).toEqual([]))
  })

  it('keeps what it knows of a tenant whose record is damaged', async () => {
    const key = await platform.issueKey('acme', ['recommend'])
    await platform.drivers.objectStore.put(accessKey('acme'), Buffer.from('{"tenant":"acme"'))
    await platform.access.refresh()
    expect(platform.access.fromKey(key)).toBeDefined()
  })

  it('does not fill a bucket anew when the record is read again', async () => {
    const nowMs = 1000
    await using limited = await createTestPlatform({
      clock: { now: () => nowMs },
      rateLimit: { perSecond: 1, burst: 2 },
    })
    const key = await limited.issueKey('acme', ['recommend'])
    const spend = (cost: number): number => limited.access.charge(limited.access.fromKey(key)!, cost)
    expect(spend(2)).toBe(0)
    await limited.issueKey('acme', ['text'])
    expect(spend(1)).toBe(1000)
  })
})

describe('changes of access', () => {
  it('keep no key text, and name a tenant once', async () => {
    const made = await newTenant(platform.dependencies, 'acme', {
      name: 'first',
      scopes: ['keys:admin', 'recommend'],
    })
    expect(await createTenant(platform.dependencies, 'acme', { name: 'again', scopes: [] })).toBe('exists')
    const stored = await platform.drivers.objectStore.get(accessKey('acme'))
    const text = Buffer.from(stored?.body ?? []).toString()
    expect(text).toContain(made.firstKey.record.sha256)
    expect(text).not.toContain(made.firstKey.key)
  })

  it('lose nothing when many are made at once', async () => {
    await platform.issueKey('acme', ['recommend'])
    const names = Array.from({ length: 8 }, (_, index) => `key ${index}`)
    await Promise.all(names.map((name) => createKey(platform.dependencies, 'acme', { name, scopes: ['text'] })))
    expect((await keysOf('acme')).map((key) => key.name).sort()).toEqual([...names, 'test'].sort())
  })

  it('keep the time of the first revocation', async () => {
    let nowMs = 0
    await using timed = await createTestPlatform({ clock: { now: () => nowMs } })
    const made = await newTenant(timed.dependencies, 'acme', { name: 'k', scopes: [] })
    const id = made.firstKey.record.id
    nowMs = 1000
    await revokeKey(timed.dependencies, 'acme', id)
    nowMs = 2000
    expect(await revokeKey(timed.dependencies, 'acme', id)).toMatchObject({ revokedAt: '1970-01-01T00:00:01.000Z' })
    expect(await revokeKey(timed.dependencies, 'acme', 'key_none')).toBe('unknown')
    expect(await revokeKey(timed.dependencies, 'nobody', id)).toBe('unknown')
  })

  it('leave a tenant a key that administers its keys', async () => {
    const made = await newTenant(platform.dependencies, 'acme', { name: 'k', scopes: ['keys:admin'] })
    const id = made.firstKey.record.id
    await createKey(platform.dependencies, 'acme', { name: 'other', scopes: ['text'] })
    expect(await revokeKey(platform.dependencies, 'acme', id)).toBe('last-admin')
    await createKey(platform.dependencies, 'acme', { name: 'second', scopes: ['keys:admin'] })
    expect(await revokeKey(platform.dependencies, 'acme', id)).toMatchObject({ id })
  })

  it('are announced under the tenant, and listed', async () => {
    await platform.issueKey('acme', ['recommend'])
    await platform.issueKey('zen', ['recommend'])
    const records = await platform.drivers.eventLog.read({ topic: topics.access.name, partition: 0, offset: 0 }, 10)
    expect(records.map((record) => record.key)).toEqual(['acme', 'zen'])
    const tenants: string[] = []
    for await (const access of listTenantAccess(platform.drivers.objectStore)) tenants.push(access.tenant)
    expect(tenants).toEqual(['acme', 'zen'])
  })
})

describe('ensureAdminKey', () => {
  it('makes the first key of an installation, once, by however many processes', async () => {
    const text = createApiKeyText()
    const outcomes = await Promise.all([1, 2, 3].map(() => ensureAdminKey(platform.dependencies, text)))
    expect(outcomes.filter((outcome) => outcome === 'made')).toHaveLength(1)
    expect(await keysOf(operatorTenant)).toMatchObject([{ name: 'admin', scopes }])
    await platform.access.refresh()
    expect(platform.access.fromKey(text)).toMatchObject({ tenant: operatorTenant })
  })

  it('adds the key beside others, and does not bring a revoked one back', async () => {
    await platform.issueKey(operatorTenant, ['keys:admin'])
    const text = createApiKeyText()
    expect(await ensureAdminKey(platform.dependencies, text)).toBe('made')
    expect(await ensureAdminKey(platform.dependencies, text)).toBe('known')
    const [, added] = await keysOf(operatorTenant)
    await revokeKey(platform.dependencies, operatorTenant, added?.id ?? '')
    expect(await ensureAdminKey(platform.dependencies, text)).toBe('revoked')
    await platform.access.refresh()
    expect(platform.access.fromKey(text)).toBeUndefined()
  })
})
