import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { starterTenant, type TrainingJob, trainingJobKey } from '@rapport/contracts'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { objectFolder } from '@rapport/service-kit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exitCodes } from './exit-codes.ts'
import { archiveEvents, jobRef, putJob, readJob, requestCancel, twoTastes } from './testing/synthetic-archive.ts'

describe('a job process that is told of no job', () => {
  let directory: string
  let objects: ObjectStore
  let children: ChildProcess[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'training-'))
    objects = await openFilesystemObjectStore({ directory: objectFolder(directory) })
    children = []
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })

  function start(env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { RAPPORT_DATA_DIR: directory, ...env },
    })
    children.push(child)
    const lines = Array.fromAsync(child.stdout.setEncoding('utf8')) as Promise<string[]>
    const errors = Array.fromAsync(child.stderr.setEncoding('utf8')) as Promise<string[]>
    const exited = once(child, 'exit').then(async ([code]) => ({
      code: code as number | null,
      log: (await lines).join(''),
      errors: (await errors).join(''),
    }))
    return { child, exited }
  }
  const archive = (): Promise<void> => archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
  const untilRunning = () =>
    vi.waitFor(async () => expect(await readJob(objects)).toMatchObject({ state: 'running' }), { timeout: 20_000 })
  const put = (job: TrainingJob): Promise<unknown> =>
    objects.put(trainingJobKey(job.tenant, job.id), Buffer.from(JSON.stringify(job)))

  it('ends at once, and says so, where nothing waits', async () => {
    await putJob(objects, { state: 'succeeded' })
    const { code, log } = await start().exited
    expect(code).toBe(0)
    expect(log).toContain('no training job waits')
  })

  it('runs a job that two want to claim once, and the slower one has nothing to do', async () => {
    await archive()
    await putJob(objects, { budgetSeconds: 1 })
    const ends = await Promise.all([start().exited, start().exited])
    expect(ends.map(({ code }) => code)).toEqual([0, 0])
    expect(ends.filter(({ log }) => log.includes('a waiting job was claimed'))).toHaveLength(1)
    expect(ends.filter(({ log }) => log.includes('no training job waits'))).toHaveLength(1)
    expect(await readJob(objects)).toMatchObject({ state: 'succeeded', attempts: 1, result: { promoted: true } })
  })

  it('leaves a job alone after kill -9 until its lease has run out, then resumes it', async () => {
    await archive()
    await putJob(objects, { budgetSeconds: 3600 })
    const first = start()
    await untilRunning()
    first.child.kill('SIGKILL')
    await first.exited
    expect((await start().exited).log).toContain('no training job waits')
    const { lease, ...job } = await readJob(objects)
    expect(lease).toBeDefined()

    await put({ ...job, budgetSeconds: 1, lease: { owner: lease?.owner ?? '', expiresAt: '2026-01-01T00:00:00.000Z' } })
    const { code, log } = await start().exited
    expect(code).toBe(0)
    expect(log).toContain('"attempt":2')
    expect(await readJob(objects)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })

  it('stops when its job is cancelled elsewhere, without a signal, and has not failed', async () => {
    await archive()
    await putJob(objects, { budgetSeconds: 3600 })
    const { exited } = start()
    await untilRunning()
    await requestCancel(objects)
    expect(await exited).toMatchObject({ code: 0 })
    expect(await readJob(objects)).toMatchObject({ state: 'cancelled' })
  })

  it('says by its exit code that the data are at fault, or that the job took too long', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 2, itemsOfGroup: 2, acts: 5 }))
    await putJob(objects)
    expect(await start().exited).toMatchObject({ code: exitCodes['bad data'] })
    expect(await readJob(objects)).toMatchObject({ state: 'failed' })

    await archive()
    await putJob(objects, { budgetSeconds: 3600 })
    expect(await start({ RAPPORT_TRAINING_DEADLINE_SECONDS: '1' }).exited).toMatchObject({ code: exitCodes.overdue })
    expect(await readJob(objects)).toMatchObject({
      state: 'failed',
      error: { code: 'RPT_TRAINING_OVERDUE', message: expect.stringContaining('within 1 s') as string },
    })
  })

  it('gives its job back when it is told to end, and leaves what a later release asks for', async () => {
    await archive()
    const job = await putJob(objects, { budgetSeconds: 3600, requestedAt: '2026-01-02T00:00:00.000Z' })
    const later = { ...job, tenant: starterTenant, task: 'sentiment', id: 'sentiment-000001' } as const
    await put({ ...later, version: 'starter-1000000-a', requestedAt: '2026-01-01T00:00:00.000Z' })
    const { child, exited } = start()
    await untilRunning()
    child.kill('SIGTERM')
    expect(await exited).toMatchObject({ code: exitCodes.interrupted })
    expect(await readJob(objects)).toMatchObject({ state: 'queued', attempts: 0 })
  })

  it('refuses half the name of a job', async () => {
    const [job, tenant] = await Promise.all([
      start({ RAPPORT_TRAINING_JOB: jobRef.id }).exited,
      start({ RAPPORT_TRAINING_TENANT: jobRef.tenant }).exited,
    ])
    expect([job.code, tenant.code]).toEqual([1, 1])
    expect(job.errors).toContain('RPT_CONFIG_INVALID')
    expect(job.errors).toContain('RAPPORT_TRAINING_TENANT: is required with RAPPORT_TRAINING_JOB')
    expect(tenant.errors).toContain('RAPPORT_TRAINING_JOB: is required with RAPPORT_TRAINING_TENANT')
  })
})
