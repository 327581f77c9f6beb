import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreUnavailableError } from '../../errors.ts'
import type { OnlineStore } from '../../online-store.ts'
import { callOf, userOf, USERS, type ApplierOptions } from './applier.fixture.ts'
import { openEmbeddedOnlineStore } from './index.ts'
import { makeFolder, removeFolder, silent } from './temporary-folder.fixture.ts'

const fixture = new URL('./applier.fixture.ts', import.meta.url)

async function readUser(
  store: OnlineStore,
  id: number,
): Promise<{ sequence: number; total: number; ofPartitions: number; ofFields: number }> {
  const [state] = await store.read([{ entity: userOf(id), parts: ['tally/all', 'count/all'] }])
  const tally = state?.parts.get('tally/all')
  const count = state?.parts.get('count/all')
  const fields = tally?.op === 'tally' ? [...tally.fields] : []
  const sumOf = (prefix: string): number =>
    fields.filter(([field]) => field.startsWith(prefix)).reduce((sum, [, amount]) => sum + amount, 0)
  return {
    sequence: state?.sequence ?? 0,
    total: count?.op === 'count' ? count.total : 0,
    ofPartitions: sumOf('partition-'),
    ofFields: sumOf('field-'),
  }
}

const all = (amount: number) => ({ sequence: amount, total: amount, ofPartitions: amount, ofFields: amount })

describe('the embedded online store between processes and threads', () => {
  let directory: string
  beforeEach(async () => {
    directory = await makeFolder()
  })
  afterEach(async () => {
    await removeFolder(directory)
  })

  /** Runs the fixture in a process, kills it after some acknowledged calls and gives the acknowledged ones. */
  async function applyAndKill(options: ApplierOptions, killAfter: number): Promise<Set<number>> {
    const child = spawn(process.execPath, [fileURLToPath(fixture), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const acknowledged = new Set<number>()
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.add(Number(line))
      if (acknowledged.size === killAfter) child.kill('SIGKILL')
    }
    expect(await exited).toEqual([null, 'SIGKILL'])
    return acknowledged
  }

  it('keeps every acknowledged call through kill -9, and applies all exactly once after redelivery', async () => {
    let firstCall = 0
    for (const killAfter of [3, 41, 17, 90]) {
      const options = { directory, partition: 0, firstCall, calls: 100_000 }
      const acknowledged = await applyAndKill(options, killAfter)
      const last = Math.max(...acknowledged)
      await using store = await openEmbeddedOnlineStore({ directory, log: silent })
      const { sequence } = await readUser(store, 0)
      expect(sequence).toBeGreaterThan(last)
      for (let user = 0; user < USERS; user++) {
        const state = await readUser(store, user)
        expect(state).toEqual(all(state.sequence))
      }
      for (let call = firstCall; call <= last + 6; call++) {
        const outcomes = (await store.apply(callOf(call, 0))).flat()
        expect(new Set(outcomes)).toEqual(new Set([call < sequence ? 'redelivered' : 'applied']))
      }
      firstCall = Math.max(last + 7, sequence)
      for (let user = 0; user < USERS; user++) expect(await readUser(store, user)).toEqual(all(firstCall))
    }
  })

  it('says that it is unavailable, and why, when the disk takes no more, and goes on reading', async () => {
    const script = fileURLToPath(new URL('./full-disk.fixture.ts', import.meta.url))
    // a limit on the size of files stands in for a full disk; its signal is ignored, so that writes fail
    const command = 'trap "" XFSZ; ulimit -f 2048; exec "$0" "$@"'
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script, directory])
    const outcomes = JSON.parse(stdout) as { applied: number; sequence: number; error: string; document: string }
    expect(outcomes).toMatchObject({
      error: 'RPT_ONLINE_STORE_UNAVAILABLE true',
      cause: expect.stringMatching(/File too large|Input\/output error/),
      document: 'RPT_ONLINE_STORE_UNAVAILABLE true',
    })
    expect(outcomes.applied).toBeGreaterThan(10)
    expect(outcomes.sequence).toBe(outcomes.applied)
  })

  it('does not take a bug for an outage', async () => {
    await using store = await openEmbeddedOnlineStore({ directory, log: silent })
    const changes = [{ op: 'latest', part: 'latest/x', field: 'f', atMs: 0, value: 1n as unknown as number }] as const
    const entries = [{ offset: 0, messageId: 'm', receivedAtMs: 0, changes }]
    const entity = { tenant: 't', kind: 'user', id: 'u' }
    const failure = await store.apply([{ entity, topic: 't', partition: 0, entries }]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect(await store.read([{ entity, parts: 'all' }])).toEqual([{ sequence: 0, parts: new Map() }])
  })

  it('is unavailable where its folder cannot be made', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    const refusal = await openEmbeddedOnlineStore({ directory: file, log: silent }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(StoreUnavailableError)
    expect(refusal).toMatchObject({ canRetry: true, cause: expect.any(Error) })
  })

  it('takes changes of the same entities from several threads at the same time', async () => {
    const calls = 150
    await using store = await openEmbeddedOnlineStore({ directory, log: silent })
    const workers = [1, 2].map((partition) => {
      const workerData: ApplierOptions = { directory, partition, firstCall: 0, calls }
      return new Worker(fixture, { workerData })
    })
    const exits = workers.map((worker) => once(worker, 'exit'))
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    for (let call = 0; call < calls; call++) {
      await store.apply(callOf(call, 0))
      expect((await readUser(store, call % USERS)).sequence).toBeGreaterThan(call)
    }
    expect(await Promise.all(exits)).toEqual([[0], [0]])
    for (let user = 0; user < USERS; user++) expect(await readUser(store, user)).toEqual(all(3 * calls))
  })
})
