import { featureGroup } from '@rapport/contracts'
import { readFile } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const page = new URL('../../../../docs/metrics.md', import.meta.url)

/** `name type` of each documented metric that a process of the services exports. */
async function documented(): Promise<string[]> {
  const rows = (await readFile(page, 'utf8')).matchAll(/^\| `(rapport_\w+)` \| (\w+) \|[^|]*\| ([^|]+) \|/gm)
  return Array.from(rows).flatMap(([, name, type, of]) => (of === 'gateway' ? [] : `${name} ${type}`))
}

it('the platform in one process exports what docs/metrics.md lists, and shows each partition once', async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatformProcess({ dataDir: folder.path })
  const scrape = async (): Promise<string> => (await fetch(`${platform.url}/metrics`)).text()
  const exported = Array.from((await scrape()).matchAll(/^# TYPE (rapport_\w+ \w+)$/gm), ([, found = '']) => found)
  expect(exported.length).toBeGreaterThan(30)
  expect(exported.toSorted()).toEqual((await documented()).toSorted())

  await platform.client.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-1' } })
  const series = new RegExp(
    String.raw`^rapport_consumer_offset\{group="${featureGroup}",topic="rapport.events.v1",.*`,
    'gm',
  )
  await vi.waitFor(
    async () => {
      const offsets = (await scrape()).match(series) ?? []
      expect(offsets.map((line) => line.split(' ').at(-1))).toEqual(['1'])
    },
    { timeout: 10_000 },
  )
})
