import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FeaturesResponse } from '@rapport/contracts'
import { expect, test, vi } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000' }
const said = { 5: ['works well', 'is lovely', '质量很好'], 1: ['broke at once', 'is useless', '质量太差'] } as const
const things = ['kettle', 'lamp', 'tent', 'coat', 'chair']

/** So many reviews, each of another number, with one star or five. */
function reviews(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const stars = row % 2 === 0 ? 5 : 1
    return `"The ${things[row % 5]} ${said[stars][row % 3]}, order ${row * 7919} for the ${things[(row * 3) % 5]}",${stars}`
  })
  return ['text,label', ...lines].join('\n')
}

test(
  'reviews with stars become a sentiment model that answers by sentence and understands reviews as they come',
  { timeout: 180_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path, env })
    const { client } = platform
    const documents = [
      { id: 'r1', text: 'The kettle is lovely' },
      { id: 'r2', text: 'The coat works well. 但是椅子质量太差！' },
    ]
    await expect(client.sentiment.analyze({ documents })).rejects.toMatchObject({ code: 'RPT_TEXT_NO_MODEL' })
    const file = join(folder.path, 'reviews.csv')
    await writeFile(file, reviews(200))
    const wanted = ['--algorithms', 'multinomial-nb', '--budget', '20']
    const trained = await runCli(['train', 'sentiment', '--data', file, ...wanted], {
      platform,
      dataDir: folder.path,
    })
    expect(trained, trained.stderr).toMatchObject({ code: 0 })
    const [, version] = /version (\S+) serves now\n$/.exec(trained.stdout) ?? []

    expect((await client.sentiment.models()).map(({ name, champion }) => [name, champion])).toEqual([
      ['sentiment', version],
    ])
    const { results, errors } = await client.sentiment.analyze({ documents })
    expect(errors).toEqual([])
    expect(results.map(({ label, modelVersion }) => [label, modelVersion])).toEqual([
      ['positive', version],
      ['mixed', version],
    ])
    expect(results[1]?.sentences.map(({ label }) => label)).toEqual(['positive', 'negative'])
    expect((await client.sentiment.monitoring('sentiment')).versions[0]?.documents).toBe(2)
    expect(await client.text.models()).toEqual([])

    const out = join(folder.path, 'labelled.ndjson')
    const source = ['--data', file, '--name', 'unlabelled', '--out', out]
    const done = await runCli(['label', 'sentiment', ...source], { platform, dataDir: folder.path })
    expect(done, done.stderr).toMatchObject({ code: 0 })
    expect(done.stderr).toContain('200 labelled, 0 refused: ')
    const rows = (await readFile(out, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
    expect(rows[0]).toMatchObject({ label: 'positive', modelVersion: version, sentences: [{ label: 'positive' }] })

    await expect(client.text.classify({ documents, model: 'sentiment' })).rejects.toMatchObject({
      code: 'RPT_TEXT_MODEL_REFUSED',
    })

    // From now on reviews are understood as they come.
    const review = { product_id: 'lamp', rating: 1, review: 'The lamp is useless, order 7919 for the tent' }
    await client.track({ userId: 'ada', event: 'Product Reviewed', properties: review })
    await vi.waitFor(
      async () => {
        const { sentiments, texts } = (await client.users.get('ada')) ?? {}
        expect(sentiments).toMatchObject({ negative: { '24h': 1 } })
        expect(texts).toMatchObject([{ itemId: 'lamp', rule: 'review', rating: 1, sentiment: 'negative' }])
      },
      { timeout: 20_000 },
    )
    const read = await client.http.json<FeaturesResponse>({
      method: 'POST',
      path: '/v1/features',
      body: { entities: [{ kind: 'item', id: 'lamp' }], features: ['rating:all', 'sentiment:24h', 'negativeShare:7d'] },
    })
    expect(read.entities[0]?.features).toMatchObject({
      'rating:all': { value: 1 },
      'sentiment:24h': { value: -1 },
      'negativeShare:7d': { value: 1 },
    })
  },
)
