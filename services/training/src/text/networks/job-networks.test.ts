import type { ObjectStore } from '@rapport/object-store'
import { expect, it, vi } from 'vitest'
import { TrainingDataError } from '../../errors.ts'
import { openTextJobs, silentLog, textJobRef } from '../../testing/text-jobs.ts'
import { withNetworks } from './job-networks.ts'

const job = { ...textJobRef, task: 'text-classification' } as const

it('ends as the job does where the epochs that were kept cannot be removed, and says so', async () => {
  await using jobs = await openTextJobs()
  await jobs.objects.put(`checkpoints/${job.tenant}/${job.id}/text-cnn-0.bin`, new Uint8Array(1))
  const objects = new Proxy(jobs.objects, {
    get(target, name) {
      if (name === 'delete') return () => Promise.reject(new Error('the store is away'))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  }) satisfies ObjectStore
  const warn = vi.fn()
  const context = { objects, log: { ...silentLog, warn }, memoryLimitBytes: 2 ** 30, report: () => undefined }
  expect(await withNetworks(job, context, () => Promise.resolve('published'))).toBe('published')
  const refusal = new TrainingDataError('RPT_TRAINING_NO_CANDIDATE', 'no candidate could be trained')
  await expect(withNetworks(job, context, () => Promise.reject(refusal))).rejects.toBe(refusal)
  expect(warn.mock.calls.map(([, message]) => message as string)).toEqual([
    'the epochs that were kept cannot be removed',
    'the epochs that were kept cannot be removed',
  ])
})
