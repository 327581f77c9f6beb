import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TextClassifier } from '@rapport/text-models'
import { Registry } from 'prom-client'
import { describe, expect, it, vi } from 'vitest'
import { scoreDocument } from '../domain/score-text.ts'
import { ServedClassifier } from '../domain/served-classifier.ts'
import { createTextMetrics } from '../metrics.ts'
import { topicTexts, trainTopics } from '../testing.ts'
import { answerStream } from './answer-stream.ts'
import { classifySlices } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import type { LabelDocuments } from './label-documents.ts'

const manifest = {
  tenant: 'shop',
  name: 'text',
  version: 'v1',
  task: 'text-classification',
  metrics: {},
  createdAt: '2026-01-01T00:00:00.000Z',
}
const served = new ServedClassifier(manifest, new TextClassifier(await trainTopics()))

const label: LabelDocuments = async function* (documents, call) {
  for await (const slice of classifySlices(documents, call)) {
    for (const [document, probabilities] of slice) {
      const { id, text, served } = document
      const { best, scores } = scoreDocument(served, probabilities, {})
      const result = { id, text, label: 'label', language: 'en', scores, modelVersion: served.version }
      yield { document, best, result }
    }
  }
}

function contextOf(leases: { held: number }): TextContext {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const acquire = () => {
    leases.held += 1
    return Promise.resolve({ model: served, manifest, revision: 1, [Symbol.dispose]: () => (leases.held -= 1) })
  }
  const host = { acquire, acquireVersion: acquire, absence: () => undefined }
  const metrics = createTextMetrics(new Registry(), 'rapport_test')
  return {
    profile: { label },
    host,
    shadow: { take: () => undefined },
    metrics,
    log,
    explainTimeoutMs: 1000,
  } as unknown as TextContext
}

const chunk = Buffer.from(
  topicTexts(100)
    .texts.map((text, row) => `${JSON.stringify({ id: `${row}`, text })}\n`)
    .join(''),
)

describe('a stream of texts', () => {
  it('is read no faster than its answer, and ends with whoever reads that', async () => {
    const leases = { held: 0 }
    const counts = { pulled: 0, isReturned: false }
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          counts.pulled += 1
          await nextTurn()
          yield chunk
        }
      } finally {
        counts.isReturned = true
      }
    }
    const answer = new PassThrough()
    const ended = answerStream(contextOf(leases), { tenant: 'shop' }, endless(), answer)
    for (let turn = 0; turn < 500; turn += 1) await nextTurn()
    const { pulled } = counts
    expect(pulled).toBeLessThan(10)
    answer.read()
    await vi.waitFor(() => expect(counts.pulled).toBeGreaterThan(pulled))
    answer.destroy()
    await ended
    expect(counts.isReturned).toBe(true)
    expect(leases.held).toBe(0)
  })

  it('says in its last line that it failed, and no more than that', async () => {
    const context = contextOf({ held: 0 })
    async function* failing(): AsyncGenerator<Buffer> {
      yield chunk.subarray(0, chunk.indexOf('\n') + 1)
      await nextTurn()
      throw new Error('inner detail')
    }
    const answer = new PassThrough()
    await answerStream(context, { tenant: 'shop' }, failing(), answer)
    const lines = String(answer.read()).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[1] as string)).toMatchObject({ error: { code: 'RPT_HTTP_INTERNAL' } })
    expect(lines[1]).not.toContain('inner detail')
    expect(context.log.error).toHaveBeenCalledOnce()
  })
})
