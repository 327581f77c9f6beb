import { describe, expect, it } from 'vitest'
import { WorkerPool } from './worker-pool.ts'

const moduleOf = (source: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from 'node:worker_threads';${source}`)}`,
  )

describe('worker pool', () => {
  it('has every thread do its share of a request', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(4))
    const module = moduleOf(`
      parentPort.on('message', (amount) => { Atomics.add(workerData, 0, amount); parentPort.postMessage('done') })
      parentPort.postMessage('ready')`)
    await using pool = await WorkerPool.start(module, counts, 3)
    await pool.run(5)
    await pool.run(2)
    expect(counts[0]).toBe(21)
  })

  it('fails to start a module that throws', async () => {
    const started = WorkerPool.start(moduleOf(`throw new Error('broken')`), undefined, 2)
    await expect(started).rejects.toMatchObject({
      code: 'RPT_ML_WORKER_FAILED',
      message: expect.stringContaining('broken'),
    })
  })

  it('fails a request whose thread dies', async () => {
    const module = moduleOf(
      `parentPort.on('message', () => { throw new Error('died') }); parentPort.postMessage('ready')`,
    )
    await using pool = await WorkerPool.start(module, undefined, 2)
    await expect(pool.run('go')).rejects.toThrow('died')
    await expect(pool.run('again')).rejects.toThrow('died')
  })

  it('gives a request up when aborted', async () => {
    const abort = new AbortController()
    const module = moduleOf(`parentPort.on('message', () => {}); parentPort.postMessage('ready')`)
    await using pool = await WorkerPool.start(module, undefined, 1)
    const running = pool.run('go', abort.signal)
    abort.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(pool.run('go', abort.signal)).rejects.toThrow('enough')
  })
})
