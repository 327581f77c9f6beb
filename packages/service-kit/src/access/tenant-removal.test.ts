import { accessKey, tenantRemovalKey, topics } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestPlatform, type TestPlatform } from '../testing.ts'
import { createKey, createTenant } from './change-access.ts'
import { beginTenantRemoval, listTenantRemovals, readTenantRemoval, withdrawAccess } from './tenant-removal.ts'

let platform: TestPlatform
beforeEach(async () => {
  platform = await createTestPlatform()
})
afterEach(() => platform[Symbol.asyncDispose]())

const begin = (tenant: string): ReturnType<typeof beginTenantRemoval> =>
  beginTenantRemoval(platform.dependencies, tenant)
const removals = (): Promise<unknown[]> => Array.fromAsync(listTenantRemovals(platform.drivers.objectStore))

describe('beginTenantRemoval', () => {
  it('stops every key by broadcast and leaves a record of what is to be done', async () => {
    const keys = [await platform.issueKey('acme', ['recommend']), await platform.issueKey('acme', ['text'])]
    const other = await platform.issueKey('acme-2', ['text'])
    const removal = await begin('acme')
    await vi.waitFor(() => expect(keys.map((key) => platform.access.fromKey(key))).toEqual([undefined, undefined]))
    expect(platform.access.fromKey(other)).toBeDefined()
    expect(await platform.drivers.objectStore.head(accessKey('acme'))).toBeUndefined()
    expect(await readTenantRemoval(platform.drivers.objectStore, 'acme')).toEqual(removal)
    expect(await removals()).toEqual([removal])
    const records = await platform.drivers.eventLog.read({ topic: topics.access.name, partition: 0, offset: 0 }, 10)
    expect(records.map(({ key, value }) => [key, value === null])).toEqual([
      ['acme-2', false],
      ['acme', true],
    ])
  })

  it('answers the removal that is under way, and nothing where there is no tenant', async () => {
    await platform.issueKey('acme', ['recommend'])
    const [one, two] = await Promise.all([begin('acme'), begin('acme')])
    expect(one).toEqual(two)
    expect(await begin('acme')).toEqual(one)
    expect(await begin('nobody')).toBeUndefined()
  })

  it('lets no tenant of the name be made, nor a key, before it has ended', async () => {
    await platform.issueKey('acme', ['recommend'])
    await begin('acme')
    const key = { name: 'k', scopes: ['text'] as const }
    expect(await createTenant(platform.dependencies, 'acme', key)).toBe('removing')
    expect(await createKey(platform.dependencies, 'acme', key)).toBeUndefined()
    await platform.drivers.objectStore.delete([tenantRemovalKey('acme')])
    expect(await createTenant(platform.dependencies, 'acme', key)).toMatchObject({ access: { tenant: 'acme' } })
  })

  it('says which record is corrupt', async () => {
    await platform.drivers.objectStore.put(tenantRemovalKey('acme'), Buffer.from('{"tenant":"zen","requestedAt":"x"}'))
    await expect(readTenantRemoval(platform.drivers.objectStore, 'acme')).rejects.toThrow('tenant "acme"')
    await platform.drivers.objectStore.put(tenantRemovalKey('acme'), Buffer.from('{'))
    await expect(readTenantRemoval(platform.drivers.objectStore, 'acme')).rejects.toMatchObject({
      code: 'RPT_ACCESS_REMOVAL_CORRUPT',
    })
    await expect(withdrawAccess(platform.dependencies, 'nobody')).resolves.toBeUndefined()
  })
})
