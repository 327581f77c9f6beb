import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { CreatedTenant } from '@rapport/contracts'
import { RapportClient } from '@rapport/sdk'
import { afterEach, expect, it, vi } from 'vitest'
import { startInstallation } from '../harness/installation.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

const shopMain = fileURLToPath(import.meta.resolve('@rapport/demo-shop/main'))
const backfilled = /^The shop has sent \d+ products and (\d+) events/

it(
  'the demo shop runs against separate processes: history, a model of its own, live visits',
  { timeout: 240_000 },
  async () => {
    const { url, client, processes } = owned.use(await startInstallation({ processes: { feature: 2 } }))
    // Of one that was tried twice the second try says that it had come before.
    const metrics = ['rapport_events_applied_total', 'rapport_events_redelivered_total']
    const taken = async (): Promise<number> => {
      const counts = await Promise.all(processes.feature.flatMap((one) => metrics.map((name) => one.metric(name))))
      return counts.reduce((sum, count) => sum + count, 0)
    }
    const body = { tenant: 'demo-shop' }
    const { key } = await client.http.json<CreatedTenant>({ method: 'POST', path: '/v1/tenants', body })
    const shop = spawn(process.execPath, [shopMain], {
      env: { ...process.env, RAPPORT_URL: url, RAPPORT_KEY: key.key },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(shop, 'exit')
    const problems = text(shop.stderr)
    owned.defer(() => void shop.kill('SIGKILL'))
    const lines: string[] = []
    createInterface({ input: shop.stdout }).on('line', (line) => lines.push(line))
    await vi.waitFor(() => expect(lines[0]).toMatch(backfilled), { timeout: 60_000, interval: 200 })
    const sent = Number(backfilled.exec(lines[0] ?? '')?.[1])
    expect(sent).toBeGreaterThan(1_000)

    const visitor = new RapportClient({ url, key: key.key })
    await vi.waitFor(
      async () => {
        const { model, items } = await visitor.recommend({ userId: 'visitor-1', count: 3 })
        expect(model).not.toBeNull()
        expect(items).toHaveLength(3)
      },
      { timeout: 120_000, interval: 500 },
    )
    await vi.waitFor(async () => expect(await taken()).toBeGreaterThan(sent), { timeout: 60_000, interval: 500 })
    shop.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(await problems).toBe('')
  },
)
