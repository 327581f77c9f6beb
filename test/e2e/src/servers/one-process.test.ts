import { startKafka, startRedis, startS3 } from '@rapport/infra'
import { afterEach, expect, it, vi } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

/** In less time than Prometheus waits by itself. */
async function scrape(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(8_000) })
  expect(answer.status).toBe(200)
  return answer.text()
}

it(
  'the platform in one process runs on Kafka, Redis and S3 by the same variables as its services',
  { timeout: 180_000 },
  async () => {
    const folder = owned.use(await temporaryFolder())
    const kafka = owned.use(await startKafka())
    const redis = owned.use(await startRedis())
    const s3 = owned.use(await startS3())
    const env = {
      RAPPORT_KAFKA_BROKERS: kafka.brokers.join(','),
      RAPPORT_REDIS_URL: redis.url,
      RAPPORT_S3_ENDPOINT: s3.endpoint,
      RAPPORT_S3_ACCESS_KEY_ID: s3.accessKeyId,
      RAPPORT_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }
    const options = { platform: { url: 'http://127.0.0.1:9', key: 'none' }, dataDir: folder.path, env }
    const single = ['--replication', '1', '--min-insync', '1']
    const away = { ...options, env: { RAPPORT_KAFKA_BROKERS: '127.0.0.1:9' } }
    const unknown = await runCli(['topics', 'diff', ...single], away)
    expect(unknown).toMatchObject({ code: 2, stdout: '' })
    expect(unknown.stderr).toContain('127.0.0.1:9')
    expect(await runCli(['topics', 'diff', ...single], options)).toMatchObject({ code: 1 })
    // There is one broker: with three copies nothing can be made, and nothing is said to be.
    const impossible = await runCli(['topics', 'apply'], options)
    expect(impossible).toMatchObject({ code: 1, stdout: '' })
    const applied = await runCli(['topics', 'apply', ...single], options)
    expect(applied).toMatchObject({ code: 0 })
    expect(applied.stdout).toContain('made  rapport.events.v1  partitions: 8')
    expect(await runCli(['topics', 'diff', ...single], options)).toMatchObject({
      code: 0,
      stdout: 'Nothing differs.\n',
    })

    {
      const own = { ...env, RAPPORT_STARTER_MODELS: 'true' }
      await using platform = await startPlatformProcess({ dataDir: folder.path, env: own })
      const { client } = platform
      await client.putItems([1, 2, 3].map((number) => ({ id: `tea-${number}`, title: `Green tea ${number}` })))
      await client.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-1' } })
      await vi.waitFor(
        async () => {
          const { items } = await client.recommend({ userId: 'ada', explain: true })
          expect(items[0]?.reasons?.[0]?.itemId).toBe('tea-1')
        },
        { timeout: 20_000 },
      )
      // The consumer commits once the effect is there.
      await vi.waitFor(
        async () => {
          const metrics = await scrape(platform.url)
          expect(metrics).toMatch(/^rapport_consumer_offset\{.*topic="rapport.events.v1",.*\} 1$/m)
          expect(metrics).toMatch(/^rapport_online_store_unavailable 0$/m)
          expect(metrics).toMatch(/^rapport_object_store_requests_total [1-9]\d*$/m)
        },
        { timeout: 20_000 },
      )
      // Texts are understood as they come once there is a model.
      const review = 'Terrible tea, I hate it.'
      await vi.waitFor(() => client.sentiment.analyze({ documents: [{ id: 'review', text: review }] }), {
        timeout: 60_000,
        interval: 200,
      })
      const properties = { product_id: 'tea-2', rating: 1, review }
      await client.track({ userId: 'ada', event: 'Product Reviewed', properties })
      await vi.waitFor(
        async () => {
          const { texts } = (await client.users.get('ada')) ?? {}
          expect(texts).toMatchObject([{ itemId: 'tea-2', rule: 'review', rating: 1, sentiment: 'negative' }])
        },
        { timeout: 20_000 },
      )
    }
    // Nothing of it lies in the data folder.
    const other = owned.use(await temporaryFolder())
    await using platform = await startPlatformProcess({ dataDir: other.path, env })
    const ada = await platform.client.users.get('ada')
    expect(ada?.counts['Product Viewed']?.all).toBe(1)
    expect(ada?.sentiments).toMatchObject({ negative: { '24h': 1 } })
    const entities = [{ kind: 'item', id: 'tea-2' } as const]
    const features = ['rating:all', 'sentiment:24h']
    expect((await platform.client.features({ entities, features })).entities[0]?.features).toMatchObject({
      'rating:all': { value: 1 },
      'sentiment:24h': { value: -1 },
    })
    expect((await platform.client.getItem('tea-2'))?.title).toBe('Green tea 2')
    expect(await scrape(platform.url)).toMatch(/^rapport_feature_lag_records\{/m)
    await kafka.server.pause()
    const during = await scrape(platform.url)
    expect(during).toMatch(/^rapport_online_store_unavailable 0$/m)
    expect(during).not.toMatch(/^rapport_feature_lag_records\{/m)
    kafka.server.resume()
    await vi.waitFor(async () => expect(await scrape(platform.url)).toMatch(/^rapport_feature_lag_records\{/m), {
      timeout: 30_000,
    })
  },
)
