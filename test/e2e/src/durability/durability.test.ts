import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkDurability, type DurabilityCheck } from './check-durability.ts'
import { canTrace, runTraced, type TracedRun } from './run-traced.ts'
import { readTrace, type SystemCall } from './trace.ts'

const markers = Array.from({ length: 60 }, (_, index) => `marker-${String(index).padStart(4, '0')}`)
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'rapport-durability-')))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Subject extends Pick<TracedRun, 'script' | 'args' | 'onLine'> {
  readonly isAcknowledgement: (text: string, marker: string) => boolean
}

type Sync = 'on' | 'off'

/** A caller of the port itself: a line on a pipe for each `publish` that resolved. */
const publishing = (sync: Sync): Subject => ({
  script: pathOf('publishing-child.ts'),
  args: [join(folder, 'log'), sync, ...markers],
  isAcknowledgement: (text, marker) => text.includes(`acknowledged ${marker}\\n`),
})

/** A client of the ingestion service: an answer with status 200 for each event, named by its request id. */
const ingesting = (sync: Sync): Subject => ({
  script: pathOf('ingestion-child.ts'),
  args: [join(folder, 'log'), sync],
  isAcknowledgement: (text, marker) => text.includes('HTTP/1.1 200') && text.includes(`: ${marker}\\r\\n`),
  onLine: async (line, stop) => {
    const [url = '', key = ''] = line.split(' ')
    try {
      await Promise.all(markers.map((marker) => track(url, key, marker)))
    } finally {
      stop()
    }
  },
})

async function track(url: string, key: string, marker: string): Promise<void> {
  const answer = await fetch(`${url}/v1/track`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-request-id': marker },
    body: JSON.stringify({ messageId: marker, userId: 'u1', event: 'Product Viewed', properties: {} }),
  })
  expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, marker])
  await answer.arrayBuffer()
}

async function check(subject: Subject): Promise<DurabilityCheck & { syncs: number }> {
  const calls = await runTraced({ ...subject, traceFile: join(folder, 'trace') })
  const dataFile = join(folder, 'log', 'data.mdb')
  const { isAcknowledgement } = subject
  const syncs = calls.filter(({ name, path }) => name === 'fdatasync' && path === dataFile).length
  return { ...checkDurability(calls, { dataFile, markers, isAcknowledgement }), syncs }
}

describe.skipIf(!canTrace)(
  `acknowledged is on disk, by the system calls${canTrace ? '' : ' (skipped: no strace that may trace)'}`,
  () => {
    test.each([
      ['publish of the event log', publishing],
      ['a 200 of the ingestion service', ingesting],
    ])('%s comes after the sync of its commit', { timeout: 60_000 }, async (_, subject) => {
      const { acknowledged, violations, syncs } = await check(subject('on'))
      expect(violations).toEqual([])
      expect(acknowledged).toBe(markers.length)
      expect(syncs).toBeGreaterThan(0)
    })

    test.each([
      ['publish of the event log', publishing],
      ['a 200 of the ingestion service', ingesting],
    ])('the same check sees that %s does not when the sync is off', { timeout: 60_000 }, async (_, subject) => {
      const { acknowledged, violations } = await check(subject('off'))
      expect(acknowledged).toBe(markers.length)
      expect(violations).toHaveLength(markers.length)
    })
  },
)

describe('the check', () => {
  const dataFile = '/d/data.mdb'
  const open = `1 openat(AT_FDCWD</>, "${dataFile}", O_RDWR|O_DSYNC) = 9<${dataFile}>`
  const page = `2 pwrite64(8<${dataFile}>, "..m1..", 4096, 0) = 4096`
  const sync = `2 fdatasync(8<${dataFile}>) = 0`
  const commit = `2 pwrite64(9<${dataFile}>, "meta", 128, 0) = 128`
  const answer = `1 write(1<pipe:[1]>, "ok m1", 5) = 5`
  const verdict = (lines: readonly string[]): readonly string[] =>
    checkDurability(readTrace(lines.join('\n')), {
      dataFile,
      markers: ['m1'],
      isAcknowledgement: (text, marker) => text.includes(`ok ${marker}`),
    }).violations

  test('accepts pages, sync, commit, answer in this order, and no other', () => {
    expect(verdict([open, page, sync, commit, answer])).toEqual([])
    expect(verdict([open, sync, page, commit, answer])).toEqual(['m1: acknowledged before its pages were synced'])
    expect(verdict([open, page, sync, answer, commit])).toEqual(['m1: acknowledged before its commit was on disk'])
    expect(verdict([open, answer])).toEqual(['m1: acknowledged, and never written'])
  })

  test('a sync that had begun but not ended does not count', () => {
    const began = `2 fdatasync(8<${dataFile}> <unfinished ...>`
    const ended = '2 <... fdatasync resumed>) = 0'
    expect(verdict([open, page, began, commit, answer, ended])).toHaveLength(1)
    expect(verdict([open, page, began, ended, commit, answer])).toEqual([])
    const [call] = readTrace([began, ended].join('\n')) as [SystemCall]
    expect(call).toMatchObject({ name: 'fdatasync', path: dataFile, descriptor: 8, began: 0, ended: 1, result: '0' })
  })
})
