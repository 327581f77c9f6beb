import { describe, expect, it } from 'vitest'
import { randomFiles } from './testing/random-network.ts'
import { createNetworkScorer, networkBytes } from './network-scorer.ts'
import { readNetwork } from './read-network.ts'

const base = { vocabulary: 12, length: 6, embedding: 5, outputs: 3, activation: 'softmax' as const }
const forms = [
  { ...base, kind: 'text-cnn', windows: [2, 3], filters: 4 },
  { ...base, kind: 'lstm', units: 4 },
  { ...base, kind: 'bilstm', units: 4, readout: 'max' },
  { ...base, kind: 'cnn-lstm', window: 3, filters: 4, pool: 2, units: 4 },
] as const

describe.each(forms)('a scorer of $kind', (form) => {
  const model = readNetwork(randomFiles(form, 1))
  const scoreBy = (scorer: ReturnType<typeof createNetworkScorer>, ids: readonly number[]): number[] => {
    const out = new Float32Array(3)
    scorer.score(Int32Array.from(ids), out)
    return [...out]
  }

  it('gives probabilities that depend on the document alone, not on those before it', () => {
    const scorer = createNetworkScorer(model)
    const texts = [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 3, 4, 5],
      [1, 2, 3, 4, 5, 11],
      [0, 7, 7, 7, 7, 7],
      [0, 0, 0, 0, 0, 9],
    ]
    const first = texts.map((ids) => scoreBy(scorer, ids))
    expect(texts.toReversed().map((ids) => scoreBy(scorer, ids))).toEqual(first.toReversed())
    expect(texts.map((ids) => scoreBy(createNetworkScorer(model), ids))).toEqual(first)
    for (const scores of first) expect(scores.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6)
    expect(new Set(first.map(String)).size).toBe(texts.length)
  })

  it('refuses ids of another length or vocabulary', () => {
    const scorer = createNetworkScorer(model)
    const invalid = expect.objectContaining({ code: 'RPT_ML_ARGUMENT_INVALID' })
    expect(() => scoreBy(scorer, [1])).toThrow(invalid)
    expect(() => scoreBy(scorer, [0, 0, 0, 0, 0, 12])).toThrow(invalid)
    expect(() => scoreBy(scorer, [0, 0, 0, 0, 0, -1])).toThrow(invalid)
  })

  it('says what memory it takes', () => {
    expect(networkBytes(model)).toBeGreaterThan(randomFiles(form, 1).get('weights.bin')!.length)
  })

  it.each([
    ['a missing array file', (files: Map<string, Uint8Array>) => files.delete('weights.bin')],
    ['a missing description', (files) => files.delete('model.json')],
    ['a truncated array file', (files) => files.set('weights.bin', files.get('weights.bin')!.subarray(4))],
    ['a longer array file', (files) => files.set('weights.bin', new Uint8Array(files.get('weights.bin')!.length + 4))],
    [
      'a weight that is not a number',
      (files) => new DataView(files.get('weights.bin')!.buffer).setFloat32(8, Number.NaN, true),
    ],
    ['a description of other shapes', (files) => change(files, { embedding: 6 })],
    ['an unknown kind', (files) => change(files, { kind: 'gru' })],
    ['an unknown activation', (files) => change(files, { activation: 'relu' })],
    ['no length', (files) => change(files, { length: 0 })],
    ['damaged JSON', (files) => files.set('model.json', files.get('model.json')!.subarray(3))],
  ] as readonly [string, (files: Map<string, Uint8Array>) => unknown][])('is not made from %s', (_, damage) => {
    const files = new Map([...randomFiles(form, 1)].map(([name, bytes]) => [name, bytes.slice()]))
    damage(files)
    expect(() => readNetwork(files)).toThrow(expect.objectContaining({ code: 'RPT_ML_BUNDLE_INVALID' }))
  })
})

/** Changes the network's description and leaves the manifest. */
function change(files: Map<string, Uint8Array>, changes: object): void {
  const description = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as {
    userDefinedMetadata: { network: object }
  }
  Object.assign(description.userDefinedMetadata.network, changes)
  files.set('model.json', new TextEncoder().encode(JSON.stringify(description)))
}
