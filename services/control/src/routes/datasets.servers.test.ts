import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Dataset, DatasetVersion } from '@rapport/contracts'
import { readDatasetRows } from '@rapport/datasets'
import { connectObjectStore, createTenant, ObjectStoreOnlySchema, readConfig } from '@rapport/service-kit'
import { createTestPlatform } from '@rapport/service-kit/testing'
import { expect, it } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

it('keeps data sets in an S3 store as in a folder', { timeout: 120_000 }, async () => {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await createTestPlatform())
  const { log } = platform.dependencies
  const config = readConfig(ObjectStoreOnlySchema, { ...process.env, RAPPORT_S3_PREFIX: randomUUID() })
  const { objectStore } = stack.use(await connectObjectStore(config, log))
  const dependencies = { ...platform.dependencies, objectStore }
  const server = await platform.serve([await createControlService(testConfig(platform), dependencies)])
  const key = await platform.issueKey('acme', ['train'])
  await createTenant(dependencies, 'acme', { name: 'first', scopes: ['train'] })
  const call = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: Buffer) => {
    const headers = { authorization: `Bearer ${key}`, ...(payload && { 'content-type': 'text/csv' }) }
    return server.app.inject({ method, url: `/v1/datasets/reviews${path}`, headers, ...(payload && { payload }) })
  }

  const text = '很好'.repeat(400)
  const lines = Array.from({ length: 5_000 }, (_, row) => `${text} ${row},${row % 3}`)
  const uploads = await Promise.all([1, 2].map(() => call('POST', '', gzipSync(`text,label\n${lines.join('\n')}`))))
  expect(uploads.map(({ statusCode }) => statusCode)).toEqual([201, 201])
  const [made] = uploads.map((answer) => answer.json<DatasetVersion>())
  const { version = '' } = made ?? {}
  expect((await call('GET', '')).json<Dataset>().versions).toHaveLength(2)
  const rows = await Array.fromAsync(readDatasetRows(objectStore, 'acme', 'reviews', version))
  expect(rows.map(({ row, text, labels }) => `${text},${labels?.[0] ?? ''}` === lines[row - 1])).not.toContain(false)
  expect(rows).toHaveLength(lines.length)
  expect((await call('DELETE', `/versions/${version}`)).statusCode).toBe(204)
  expect((await call('DELETE', '')).statusCode).toBe(204)
  expect(await Array.fromAsync(objectStore.list('datasets/'))).toEqual([])
})
