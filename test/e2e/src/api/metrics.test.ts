import { featureGroup } from '@rapport/contracts'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { allExpressions, groupingLabels, readRules, usedMetrics } from '../observability/used-metrics.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { startPlatformProcess, temporaryFolder, type PlatformProcess } from '../support/platform-process.ts'

const page = new URL('../../../../docs/metrics.md', import.meta.url)

interface Documented {
  readonly type: string
  readonly labels: readonly string[]
  /** The processes that export it. */
  readonly of: string
}

/** The table of the page, by name. */
async function documented(): Promise<Map<string, Documented>> {
  const rows = (await readFile(page, 'utf8')).matchAll(/^\| `(rapport_\w+)` \| (\w+) \| ([^|]*) \| ([^|]+) \|/gm)
  return new Map(
    Array.from(rows, ([, name = '', type = '', labels = '', of = '']) => [
      name,
      { type, labels: labels === '' ? [] : labels.split(', '), of },
    ]),
  )
}

let stack: AsyncDisposableStack
let platform: PlatformProcess
let gatewayUrl: string
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  platform = stack.use(await startPlatformProcess({ dataDir: folder.path }))
  gatewayUrl = stack.use(await startGatewayProcess(platform.url)).url
})
afterAll(() => stack.disposeAsync())

const scrape = async (url = platform.url): Promise<string> => (await fetch(`${url}/metrics`)).text()

/** Types of the metrics that a process exports, by name. */
const typesOf = async (url: string): Promise<Map<string, string>> =>
  new Map(
    Array.from((await scrape(url)).matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name = '', type = '']) => [name, type]),
  )

describe('the metrics of the running platform', () => {
  it.each([
    ['the platform in one process', () => platform.url, (of: string) => of !== 'gateway'],
    [
      'the gateway',
      () => gatewayUrl,
      (of: string) => of === 'all' || (of.includes('gateway') && !of.startsWith('all but')),
    ],
  ])('are those that docs/metrics.md lists: %s', async (_, url, isOf) => {
    const exported = [...(await typesOf(url()))].map(([name, type]) => `${name} ${type}`)
    const own = exported.filter((each) => each.startsWith('rapport_'))
    const listed = [...(await documented())].flatMap(([name, { type, of }]) => (isOf(of) ? [`${name} ${type}`] : []))
    expect(own.toSorted()).toEqual(listed.toSorted())
    const others = exported.filter((each) => !each.startsWith('rapport_'))
    expect(others.filter((each) => !/^(process|nodejs)_/.test(each))).toEqual([])
    expect(others.length).toBeGreaterThan(15)
  })

  it('have every metric of the rules and dashboards, with the labels by which they are chosen', async () => {
    const exported = new Map([...(await typesOf(gatewayUrl)), ...(await typesOf(platform.url))])
    const recorded = new Set((await readRules()).flatMap(({ record }) => record ?? []))
    const table = await documented()
    const used = (await allExpressions()).flatMap(usedMetrics)
    expect(used.length).toBeGreaterThan(200)
    const faults = used.flatMap(({ name, labels }) => {
      if (recorded.has(name)) return []
      // Those that Prometheus makes itself.
      if (name === 'up' || name === 'ALERTS') return []
      const base = exported.has(name) ? name : name.replace(/_(bucket|count|sum)$/, '')
      const type = exported.get(base)
      if (type === undefined || (base !== name) !== (type === 'histogram')) return [`${name} is not exported`]
      const ofBucket = name.endsWith('_bucket') ? ['le'] : []
      const known = new Set(['job', 'instance', ...ofBucket, ...(table.get(base)?.labels ?? [])])
      return labels.filter((label) => !known.has(label)).map((label) => `${name} has no label ${label}`)
    })
    expect([...new Set(faults)]).toEqual([])
  })

  it('have the labels by which rules and dashboards group them', async () => {
    const table = await documented()
    const faults = (await allExpressions()).flatMap((expr) => {
      const bases = usedMetrics(expr).map(({ name }) => name.replace(/_(bucket|count|sum)$/, ''))
      const known = new Set(['job', 'instance', 'le', ...bases.flatMap((base) => table.get(base)?.labels ?? [])])
      const unknown = groupingLabels(expr).filter((label) => !known.has(label))
      return unknown.map((label) => `nothing has the label ${label}: ${expr}`)
    })
    expect(faults).toEqual([])
  })

  it('show each partition once', async () => {
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
})
