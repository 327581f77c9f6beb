import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RapportClient } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import { runCli, startCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const eventCount = 30_000
const userCount = 40
const viewed = 'count:all:Product Viewed'
const probed = 'count:all:Probe'
const firstAtMs = Date.parse('2026-01-01T00:00:00Z')

const mapping = `
format: ndjson
file: events.ndjson
timestampFormat: milliseconds
event:
  name: { constant: Product Viewed }
  userId: user
  timestamp: at
  properties: { product_id: item }
`

const userOf = (index: number): string => `u${index % userCount}`

async function writeEvents(folder: string): Promise<string> {
  const lines = Array.from({ length: eventCount }, (_, index) =>
    JSON.stringify({ user: userOf(index), at: firstAtMs + index * 1000, item: `i${index % 100}` }),
  )
  await writeFile(join(folder, 'events.ndjson'), `${lines.join('\n')}\n`)
  const path = join(folder, 'events.yaml')
  await writeFile(path, mapping)
  return path
}

interface LedgerEntry {
  readonly committedRows: number
  readonly finished: boolean
}

async function readLedger(dataDir: string): Promise<LedgerEntry | undefined> {
  const folder = join(dataDir, 'imports')
  const names = await readdir(folder).catch(() => [])
  const name = names.find((each) => each.endsWith('.json'))
  return name === undefined ? undefined : (JSON.parse(await readFile(join(folder, name), 'utf8')) as LedgerEntry)
}

const users = Array.from({ length: userCount }, (_, index) => ({ kind: 'user' as const, id: `u${index}` }))

async function countsOf(client: RapportClient, feature: string): Promise<unknown[]> {
  const { entities } = await client.features({ entities: users, features: [feature] })
  return entities.map(({ features }) => features[feature]?.value)
}

/** Each user's events are applied in order, so when a later one counts, everything before it has been. */
async function waitUntilApplied(client: RapportClient, probes: number): Promise<void> {
  await client.batch(users.map(({ id }) => ({ type: 'track', userId: id, event: 'Probe' })))
  await vi.waitFor(async () => expect(await countsOf(client, probed)).toEqual(users.map(() => probes)), {
    timeout: 60_000,
    interval: 200,
  })
}

test(
  'an import that was interrupted and killed goes on where it was, and each event counts once, again or not',
  { timeout: 240_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using platformData = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: platformData.path })
    const dataDir = folder.path
    const path = await writeEvents(dataDir)
    const options = { platform, dataDir }
    const args = ['import', 'mapping', path]

    const interrupted = startCli(args, { ...options, launcher: true })
    await vi.waitFor(async () => expect((await readLedger(dataDir))?.committedRows).toBeGreaterThan(0), {
      timeout: 60_000,
      interval: 5,
    })
    interrupted.child.kill('SIGINT')
    expect(await interrupted.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('interrupted; the same command goes on where this one was') as string,
    })
    const afterInterrupt = await readLedger(dataDir)
    expect(afterInterrupt).toMatchObject({ finished: false })

    const killed = startCli(args, options)
    const before = afterInterrupt?.committedRows ?? 0
    await vi.waitFor(async () => expect((await readLedger(dataDir))?.committedRows).toBeGreaterThan(before), {
      timeout: 60_000,
      interval: 5,
    })
    killed.child.kill('SIGKILL')
    expect((await killed.ended).code).toBe('SIGKILL')
    const afterKill = await readLedger(dataDir)
    expect(afterKill).toMatchObject({ finished: false })
    expect(afterKill?.committedRows).toBeLessThan(eventCount)

    const rest = await runCli(args, options)
    expect(rest).toMatchObject({ code: 0 })
    expect(rest.stdout).toContain(`going on behind row ${afterKill?.committedRows}`)
    expect(rest.stdout).toMatch(new RegExp(`: ${eventCount - (afterKill?.committedRows ?? 0)} accepted, 0 rejected`))
    expect(await readLedger(dataDir)).toMatchObject({ finished: true, committedRows: eventCount })

    const expected = users.map(() => eventCount / userCount)
    await waitUntilApplied(platform.client, 1)
    expect(await countsOf(platform.client, viewed)).toEqual(expected)

    const refused = await runCli(args, options)
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(
      /events\.ndjson \(events by events\.yaml\): imported before \(.+\); --again sends it again/,
    )

    const again = await runCli([...args, '--again'], options)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain(`${eventCount} accepted`)
    await waitUntilApplied(platform.client, 2)
    expect(await countsOf(platform.client, viewed)).toEqual(expected)
  },
)
