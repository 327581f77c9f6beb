import { expect, test, vi } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000', RAPPORT_STARTER_MODELS: 'true' }
const soon = { timeout: 120_000, interval: 500 }

test('a new installation answers by the starter models, and makes them once', { timeout: 300_000 }, async () => {
  await using folder = await temporaryFolder()
  {
    await using platform = await startPlatformProcess({ dataDir: folder.path, env })
    const { client } = platform
    const reviews = [
      { id: 'a', text: '太差了,不会再来' },
      { id: 'b', text: 'Great product, I love it!' },
      { id: 'c', text: 'It arrived on Tuesday.' },
    ]
    const { results } = await vi.waitFor(() => client.sentiment.analyze({ documents: reviews }), soon)
    expect(results.map(({ label, isStarter }) => [label, isStarter])).toEqual([
      ['negative', true],
      ['positive', true],
      ['neutral', true],
    ])
    const documents = [{ id: 'a', text: 'Where is my package?' }]
    const topics = await vi.waitFor(() => client.text.classify({ documents }), soon)
    expect(topics.results).toMatchObject([{ label: 'delivery', isStarter: true }])
    const [listed] = await client.sentiment.models()
    expect(listed).toMatchObject({ champion: results[0]?.modelVersion, starter: { seed: expect.any(Number) } })
    expect(Object.keys(listed?.metrics ?? {})).toContain('chnsenticorp')
  }
  await using again = await startPlatformProcess({ dataDir: folder.path, env })
  const documents = [{ id: 'a', text: 'Terrible service' }]
  expect((await again.client.sentiment.analyze({ documents })).results[0]?.label).toBe('negative')
})
