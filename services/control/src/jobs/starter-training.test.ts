import { starterTenant } from '@rapport/contracts'
import { createModelStore, updateJob, type ModelStore } from '@rapport/model-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { shippedStarters, starterVersion } from '@rapport/starter-texts/release'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listJobs } from '../application/training-jobs.ts'
import { StarterTraining } from './starter-training.ts'

let platform: TestPlatform
let models: ModelStore

beforeEach(async () => {
  platform = await createTestPlatform()
  models = createModelStore(platform.drivers.objectStore, platform.dependencies)
})
afterEach(() => platform[Symbol.asyncDispose]())

const open = (starters = shippedStarters) =>
  new StarterTraining({ ...platform.dependencies, models, pollMs: 10_000, starters })
const jobs = () => listJobs(platform.drivers.objectStore, starterTenant, { limit: 10 })

async function publish(model: string, version: string): Promise<void> {
  const ref = { tenant: starterTenant, name: model }
  const card = { task: 'sentiment', algorithm: 'none', framework: 'none', inputSchema: {}, codeRevision: 'test' }
  const data = { rows: 1, fingerprint: 'f' }
  await models.publish({ ...ref, ...card, version, data, parameters: {}, metrics: {}, files: new Map() })
  await models.promote({ ...ref, alias: 'champion' }, version)
}

describe('the starter models', () => {
  it('are made once by many processes that start together', async () => {
    await Promise.all([open().look(), open().look(), open().look()])
    await open().look()
    const made = await jobs()
    expect(made.map(({ id }) => id).toSorted()).toEqual(['sentiment-000001', 'text-classification-000001'])
    expect(made.every(({ reason, state }) => reason === 'release' && state === 'queued')).toBe(true)
  })

  it('are left alone where they serve, and made anew by a release with others', async () => {
    for (const starter of shippedStarters) await publish(starter.model, starterVersion(starter))
    await open().look()
    expect(await jobs()).toEqual([])
    const next = shippedStarters.map((starter) => ({ ...starter, release: starter.release + 1, revision: 'another' }))
    await open(next).look()
    const versions = (await jobs()).map(({ version }) => version)
    expect(new Set(versions)).toEqual(new Set(next.map(starterVersion)))
  })

  it('are left alone where those of a later release serve', async () => {
    for (const { model, release } of shippedStarters) await publish(model, `starter-${release + 1}-another`)
    expect(await open().look()).toEqual(shippedStarters.map(() => 'serves'))
    expect(await jobs()).toEqual([])
  })

  it('are looked at until they serve: a job that has failed is followed by another', async () => {
    const [starter] = shippedStarters
    if (starter === undefined) throw new Error('the release brings none')
    await using training = new StarterTraining({
      ...platform.dependencies,
      models,
      pollMs: 1,
      againMs: 1,
      starters: [starter],
    })
    training.start()
    const error = { code: 'RPT_TRAINING_CRASHED', message: 'out of tea' }
    for (let count = 1; count <= 3; count += 1) {
      await vi.waitFor(async () => expect(await jobs()).toHaveLength(count))
      for (const job of await jobs()) {
        await updateJob(platform.dependencies.objectStore, job, (now) => ({ ...now, state: 'failed', error }))
      }
    }
  })

  it('are made where a later release has left a job that none of its processes has taken', async () => {
    const next = shippedStarters.map((starter) => ({ ...starter, release: starter.release + 1 }))
    await open(next).look()
    expect(await open().look()).toEqual(shippedStarters.map(() => 'under way'))
    expect((await jobs()).map(({ state }) => state)).toEqual(shippedStarters.map(() => 'queued'))
    for (const job of await jobs()) {
      const requestedAt = new Date(platform.dependencies.clock.now() - 2 * 60 * 60 * 1000).toISOString()
      await updateJob(platform.dependencies.objectStore, job, (now) => ({ ...now, requestedAt }))
    }
    await open().look()
    expect((await jobs()).map(({ state }) => state)).toEqual(shippedStarters.map(() => 'cancelled'))
    expect(await open().look()).toEqual(shippedStarters.map(() => 'made'))
  })

  it('are not made where the release has none that is good enough', async () => {
    await open([]).look()
    expect(await jobs()).toEqual([])
  })
})
