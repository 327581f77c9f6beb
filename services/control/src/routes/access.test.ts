import {
  operatorTenant,
  scopes,
  starterTenant,
  type CreatedKeyAnswer,
  type CreatedTenant,
  type Key,
  type TenantList,
} from '@rapport/contracts'
import { createTestPlatform, type HttpServer, type TestPlatform } from '@rapport/service-kit/testing'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let server: HttpServer
let operator: string

beforeEach(async () => {
  platform = await createTestPlatform()
  server = await platform.serve([await createControlService(testConfig(platform), platform.dependencies)])
  operator = await platform.issueKey(operatorTenant, scopes)
})
afterEach(() => platform[Symbol.asyncDispose]())

const call = (key: string, options: InjectOptions): Promise<LightMyRequestResponse> =>
  server.app.inject({ ...options, headers: { authorization: `Bearer ${key}` } })
const post = (key: string, url: string, payload: object): Promise<LightMyRequestResponse> =>
  call(key, { method: 'POST', url, payload })

describe('/v1/tenants', () => {
  it('makes a tenant whose first key works, and administers that tenant alone', async () => {
    const created = await post(operator, '/v1/tenants', { tenant: 'acme' })
    expect(created.statusCode).toBe(201)
    const { key } = created.json<CreatedTenant>()
    expect(key.scopes).toEqual(scopes.filter((scope) => scope !== 'ops:admin'))
    await vi.waitFor(async () => expect((await call(key.key, { url: '/v1/tenants/self' })).statusCode).toBe(200))
    expect((await call(key.key, { url: '/v1/tenants/self' })).json()).toMatchObject({ tenant: 'acme', keyId: key.id })
    expect((await call(key.key, { url: '/v1/keys' })).json<{ keys: Key[] }>().keys.map(({ id }) => id)).toEqual([
      key.id,
    ])
    expect((await post(key.key, '/v1/tenants', { tenant: 'other' })).statusCode).toBe(403)
    expect((await call(key.key, { url: '/v1/tenants' })).statusCode).toBe(403)
  })

  it('refuses a name that is taken or cannot be one', async () => {
    expect((await post(operator, '/v1/tenants', { tenant: operatorTenant })).statusCode).toBe(409)
    for (const tenant of ['', 'Acme', 'a/b', '..', '-a', 'a'.repeat(64)]) {
      expect((await post(operator, '/v1/tenants', { tenant })).statusCode).toBe(400)
    }
  })

  it('makes no key for the tenant of the starter models, and cannot remove it', async () => {
    const refused = await post(operator, '/v1/tenants', { tenant: starterTenant })
    expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'RPT_ACCESS_TENANT_RESERVED'])
    const url = `/v1/tenants/${starterTenant}`
    expect((await call(operator, { url })).statusCode).toBe(404)
    expect((await call(operator, { method: 'DELETE', url })).statusCode).toBe(404)
    expect((await call(operator, { url: '/v1/tenants' })).json<TenantList>().tenants).toHaveLength(1)
  })

  it('lists tenants with the number of keys that live', async () => {
    await platform.issueKey('acme', ['recommend'])
    const answer = await call(operator, { url: '/v1/tenants' })
    expect(answer.json()).toMatchObject({
      tenants: [
        { tenant: 'acme', liveKeys: 1 },
        { tenant: operatorTenant, liveKeys: 1 },
      ],
    })
  })
})

describe('/v1/tenants of a tenant that does not run the installation', () => {
  it('is closed, whatever scopes its key has', async () => {
    const outsider = await platform.issueKey('acme', scopes)
    await platform.issueKey('zen', ['text'])
    const refused = [
      await post(outsider, '/v1/tenants', { tenant: 'mine' }),
      await call(outsider, { url: '/v1/tenants' }),
      await call(outsider, { url: '/v1/tenants/zen' }),
      await call(outsider, { method: 'DELETE', url: '/v1/tenants/zen' }),
      await call(outsider, { method: 'DELETE', url: '/v1/tenants/acme' }),
    ]
    for (const { statusCode, body } of refused) {
      expect(statusCode).toBe(403)
      expect(body).toContain('RPT_ACCESS_OPERATOR_ONLY')
    }
    expect((await call(operator, { url: '/v1/tenants/zen' })).json()).toMatchObject({ state: 'active', liveKeys: 1 })
  })
})

describe('DELETE /v1/tenants/{tenant}', () => {
  it('stops the keys and answers how far it is; the name is taken until the end', async () => {
    const key = await platform.issueKey('acme', scopes)
    const removed = await call(operator, { method: 'DELETE', url: '/v1/tenants/acme' })
    expect(removed.statusCode).toBe(202)
    expect(removed.headers['location']).toBe('/v1/tenants/acme')
    expect(removed.json()).toMatchObject({ tenant: 'acme', state: 'removing' })
    await vi.waitFor(async () => expect((await call(key, { url: '/v1/tenants/self' })).statusCode).toBe(401))
    expect((await call(operator, { url: '/v1/tenants/acme' })).json()).toEqual(removed.json())
    const again = await call(operator, { method: 'DELETE', url: '/v1/tenants/acme' })
    expect([again.statusCode, again.json()]).toEqual([202, removed.json()])
    expect((await post(operator, '/v1/tenants', { tenant: 'acme' })).json()).toMatchObject({
      error: { code: 'RPT_ACCESS_TENANT_REMOVING' },
    })
    expect((await call(operator, { url: '/v1/tenants' })).body).not.toContain('acme')
  })

  it('knows no tenant that is not there, and does not remove the one that asks', async () => {
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await call(operator, { method, url: '/v1/tenants/nobody' })).statusCode).toBe(404)
      expect((await call(operator, { method, url: '/v1/tenants/No%20body' })).statusCode).toBe(400)
    }
    const own = await call(operator, { method: 'DELETE', url: `/v1/tenants/${operatorTenant}` })
    expect(own.statusCode).toBe(409)
    expect((await call(operator, { url: '/v1/tenants/self' })).statusCode).toBe(200)
  })
})

describe('/v1/keys', () => {
  it('shows a key once, and never its hash', async () => {
    const created = await post(operator, '/v1/keys', { name: 'shop', scopes: ['recommend', 'events:write'] })
    expect(created.statusCode).toBe(201)
    const { key, id } = created.json<CreatedKeyAnswer>()
    expect(key).toMatch(/^rpt_[\w-]{43}$/)
    const listed = await call(operator, { url: '/v1/keys' })
    expect(listed.body).toContain(id)
    expect(listed.body).not.toContain(key)
    expect(listed.body).not.toContain('sha256')
  })

  it('revokes a key, which then stops', async () => {
    const { key, id } = (
      await post(operator, '/v1/keys', { name: 'shop', scopes: ['keys:admin'] })
    ).json<CreatedKeyAnswer>()
    await vi.waitFor(async () => expect((await call(key, { url: '/v1/keys' })).statusCode).toBe(200))
    const revoked = await call(operator, { method: 'DELETE', url: `/v1/keys/${id}` })
    expect(revoked.json()).toMatchObject({ id, revokedAt: expect.any(String) as string })
    await vi.waitFor(async () => expect((await call(key, { url: '/v1/keys' })).statusCode).toBe(401))
  })

  it('hands on no scope that the asking key does not have', async () => {
    const limited = await platform.issueKey('acme', ['keys:admin', 'recommend'])
    expect((await post(limited, '/v1/keys', { name: 'x', scopes: ['recommend'] })).statusCode).toBe(201)
    const refused = await post(limited, '/v1/keys', { name: 'x', scopes: ['recommend', 'ops:admin'] })
    expect(refused.statusCode).toBe(403)
    expect(refused.json()).toMatchObject({ error: { code: 'RPT_ACCESS_ESCALATION', details: [{ field: 'scopes.1' }] } })
  })

  it('keeps the last key that administers keys, and knows no key of another tenant', async () => {
    const self = (await call(operator, { url: '/v1/tenants/self' })).json<{ keyId: string }>()
    const last = await call(operator, { method: 'DELETE', url: `/v1/keys/${self.keyId}` })
    expect(last.statusCode).toBe(409)
    const other = await platform.issueKey('acme', ['keys:admin'])
    expect((await call(other, { method: 'DELETE', url: `/v1/keys/${self.keyId}` })).statusCode).toBe(404)
    expect((await call(operator, { url: '/v1/keys' })).statusCode).toBe(200)
  })

  it.each([
    {},
    { name: '', scopes: ['text'] },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['root'] },
    { name: 'x', scopes: ['text'], extra: 1 },
  ])('refuses %j', async (body) => {
    expect((await post(operator, '/v1/keys', body)).statusCode).toBe(400)
  })
})
