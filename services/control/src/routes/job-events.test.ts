import type { TrainingJob } from '@rapport/contracts'
import { updateJob } from '@rapport/model-store'
import { RapportClient } from '@rapport/sdk'
import { revokeKey } from '@rapport/service-kit'
import { createTestPlatform, type HttpServer, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { streamJobEvents } from '../application/job-events.ts'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let server: HttpServer
let client: RapportClient
let job: TrainingJob

beforeEach(async () => {
  platform = await createTestPlatform()
  server = await platform.serve([await createControlService(testConfig(platform), platform.dependencies)])
  const { url } = await server.listen({ port: 0 })
  client = new RapportClient({ url, key: await platform.issueKey('acme', ['train']), retries: 0 })
  job = await client.trainingJobs.create({ task: 'recommender' })
})
afterEach(() => platform[Symbol.asyncDispose]())

const change = (fields: Partial<TrainingJob>): Promise<unknown> =>
  updateJob(platform.drivers.objectStore, job, (now) => ({ ...now, ...fields }))

it('tells progress and every line once, then the end', async () => {
  const events = client.trainingJobs.follow(job.id)
  const next = async (): Promise<unknown> => (await events.next()).value
  expect(await next()).toEqual({ event: 'progress', data: { state: 'queued' } })
  await change({ state: 'running', log: ['one', 'two'] })
  expect(await next()).toEqual({ event: 'log', data: { line: 'one' } })
  expect(await next()).toEqual({ event: 'log', data: { line: 'two' } })
  expect(await next()).toEqual({ event: 'progress', data: { state: 'running' } })
  const progress = { stage: 'searching', fraction: 0.5, candidate: 'svm', best: { candidate: 'nb', mean: 0.9 } }
  // The oldest line has left the record.
  await change({ log: ['two', 'three'], progress })
  expect(await next()).toEqual({ event: 'log', data: { line: 'three' } })
  expect(await next()).toEqual({ event: 'progress', data: { state: 'running', ...progress } })
  await change({ state: 'succeeded', summary: 'done' })
  expect(await next()).toMatchObject({ event: 'progress', data: { state: 'succeeded' } })
  expect(await next()).toMatchObject({ event: 'end', data: { id: job.id, summary: 'done' } })
  expect(await next()).toBeUndefined()
})

it('ends when the server stops, and lets it', async () => {
  const events = client.trainingJobs.follow(job.id)
  await events.next()
  const rest = Array.fromAsync(events)
  await server[Symbol.asyncDispose]()
  expect(await rest).toEqual([])
})

it('knows no job of another tenant', async () => {
  await expect(client.trainingJobs.follow('recommender-000009').next()).rejects.toMatchObject({ status: 404 })
})

it('says that it is still there, until the key is revoked', async () => {
  const { objectStore } = platform.drivers
  let time = 0
  const clock = { now: () => (time += 10) }
  const { keyId } = await client.http.json<{ keyId: string }>({ method: 'GET', path: '/v1/tenants/self' })
  const caller = { tenant: 'acme', keyId }
  const options = { objectStore, clock, pollMs: 1, heartbeatMs: 20, stopping: new AbortController().signal }
  const events = streamJobEvents(job, caller, options)
  expect((await events.next()).value).toContain('event: progress')
  expect((await events.next()).value).toBe(': still there\n\n')
  await revokeKey(platform.dependencies, 'acme', keyId)
  expect(await Array.fromAsync(events)).toEqual([])
})
