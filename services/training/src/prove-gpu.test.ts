import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { proveGpu } from './prove-gpu.ts'
import { silentLog } from './testing/text-jobs.ts'

it('says which GPU it is and how long the first operation took', async () => {
  const said: object[] = []
  const log = { ...silentLog, info: (fields: object) => said.push(fields) }
  await proveGpu(log, async () => ({ name: 'native-gpu', version: '2.18.1', device: 'H200 x 1' }))
  expect(said).toEqual([
    { backend: 'native-gpu', version: '2.18.1', device: 'H200 x 1', firstOperationMs: expect.any(Number) as number },
  ])
})

it.skipIf(existsSync('/proc/driver/nvidia'))('fails where there is no GPU', async () => {
  await expect(proveGpu(silentLog)).rejects.toMatchObject({ code: 'RPT_DEEP_GPU_UNAVAILABLE' })
})
