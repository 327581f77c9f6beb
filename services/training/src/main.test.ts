import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { objectFolder } from '@rapport/service-kit'
import { exitCodes } from './exit-codes.ts'
import { archiveEvents, jobRef, putJob, readJob, requestCancel, twoTastes } from './testing/synthetic-archive.ts'
import { trainingJobKey } from '@rapport/contracts'

describe('the job process', () => {
  let directory: string
  let objects: ObjectStore
  let children: ChildProcess[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'training-'))
    objects = await openFilesystemObjectStore({ directory: objectFolder(directory) })
    children = []
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
  })
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })

  function start(owner: string, env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {
        RAPPORT_DATA_DIR: directory,
        RAPPORT_TRAINING_TENANT: jobRef.tenant,
        RAPPORT_TRAINING_JOB: jobRef.id,
        RAPPORT_TRAINING_OWNER: owner,
        ...env,
      },
    })
    children.push(child)
    const errors = Array.fromAsync(child.stderr.setEncoding('utf8')) as Promise<string[]>
    const exited = once(child, 'exit').then(async ([code]) => ({
      code: code as number | null,
      errors: (await errors).join(''),
    }))
    return { child, exited }
  }
  const untilRunning = () =>
    vi.waitFor(async () => expect(await readJob(objects)).toMatchObject({ state: 'running' }), { timeout: 20_000 })

  it('runs its job and says so by its exit code and the record', async () => {
    await putJob(objects, { budgetSeconds: 1 })
    expect(await start('one').exited).toEqual({ code: exitCodes.succeeded, errors: '' })
    expect(await readJob(objects)).toMatchObject({ state: 'succeeded', result: { promoted: true } })
    expect(await start('two').exited).toMatchObject({ code: exitCodes['not claimed'] })
  })

  it('leaves a job to another runner after kill -9, once the lease has run out and not before', async () => {
    await putJob(objects, { budgetSeconds: 3600 })
    const first = start('one')
    await untilRunning()
    first.child.kill('SIGKILL')
    await first.exited
    expect(await readJob(objects)).toMatchObject({ state: 'running', lease: { owner: 'one' } })
    expect(await start('two').exited).toMatchObject({ code: exitCodes['not claimed'] })

    // Time passes: the lease that the dead runner has left is over.
    const job = await readJob(objects)
    const over = { ...job, budgetSeconds: 1, lease: { owner: 'one', expiresAt: '2026-01-01T00:00:00.000Z' } }
    await objects.put(trainingJobKey(job.tenant, job.id), new TextEncoder().encode(JSON.stringify(over)))
    expect(await start('three').exited).toMatchObject({ code: exitCodes.succeeded })
    expect(await readJob(objects)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })

  it('ends quickly when it is cancelled, told to stop, or left by its parent', async () => {
    await putJob(objects, { budgetSeconds: 3600 })
    const cancelled = start('one')
    await untilRunning()
    await requestCancel(objects)
    cancelled.child.kill('SIGTERM')
    expect(await cancelled.exited).toMatchObject({ code: exitCodes.cancelled })
    expect(await readJob(objects)).toMatchObject({ state: 'cancelled' })

    await putJob(objects, { budgetSeconds: 3600 })
    const stopped = start('two')
    await untilRunning()
    stopped.child.kill('SIGTERM')
    expect(await stopped.exited).toMatchObject({ code: exitCodes.interrupted })
    expect(await readJob(objects)).toMatchObject({ state: 'queued' })

    const orphaned = start('three')
    await untilRunning()
    orphaned.child.stdin?.end()
    expect(await orphaned.exited).toMatchObject({ code: exitCodes.interrupted })
    expect(await readJob(objects)).toMatchObject({ state: 'queued' })
  })

  it('names what is wrong with its configuration', async () => {
    const { code, errors } = await start('one', {
      RAPPORT_TRAINING_MEMORY_MB: 'much',
      RAPPORT_TRAINING_KEEP_VERSIONS: '-1',
    }).exited
    expect(code).toBe(1)
    expect(errors).toContain('RAPPORT_TRAINING_MEMORY_MB: must be an integer')
    expect(errors).toContain('RAPPORT_TRAINING_KEEP_VERSIONS: must be >= 0')
  })
})
