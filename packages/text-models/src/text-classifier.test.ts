import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeTextClassifier, encodeTextClassifier } from './classifier-files.ts'
import { createTextExplainer } from './explain-text.ts'
import { createTextSelfCheck, runTextSelfCheck } from './self-check.ts'
import { calibrated, smallLabels, smallScorers, smallTexts } from './testing/small-classifiers.ts'
import { TextClassifier } from './text-classifier.ts'

/** The weights of the network are of no training. */
const trained = ['linear SVM', 'naive Bayes', 'random forest', 'boosted trees', 'kernel SVM']
const methods: Readonly<Record<string, string>> = {
  'linear SVM': 'linear-shap',
  'naive Bayes': 'linear-shap',
  'random forest': 'tree-shap',
  'boosted trees': 'tree-shap',
  'kernel SVM': 'lime',
  network: 'lime',
}
const odd = [
  '',
  '   ',
  '😀😀',
  'ﬁne Ｇｏｏｄ film',
  '很差很差',
  '\ud800 broken',
  `good ${'x'.repeat(5000)}`,
  'ÀÉ good é',
]

/** Floats that are no numbers, or integers that are none of an index; undefined where the file has neither. */
function spoil(path: string, content: Uint8Array): Buffer | undefined {
  if (/\.(f32|f64|bin)$/.test(path)) return Buffer.from(content).fill(0xff, 0, 8)
  return path.endsWith('.i32') ? Buffer.from(content).fill(0x7f, 0, 4) : undefined
}

describe.each([2, 3])('of %i classes', async (classes) => {
  const scorers = await smallScorers(classes)
  const { texts, labels } = smallTexts(classes)

  describe.each(Object.entries(scorers))('a classifier by %s', (name, scorer) => {
    const data = calibrated(scorer, classes)
    const classifier = new TextClassifier(data)

    it('gives every text a distribution over the labels', () => {
      const probabilities = classifier.classify([...texts, ...odd])
      expect(probabilities.length).toBe((texts.length + odd.length) * classes)
      for (let at = 0; at < probabilities.length; at += classes) {
        const row = probabilities.subarray(at, at + classes)
        expect(row.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 5)
        expect(Math.min(...row)).toBeGreaterThanOrEqual(0)
      }
      expect(classifier.classify([])).toEqual(new Float32Array())
    })

    it('comes back from its files as it was', () => {
      const read = decodeTextClassifier(encodeTextClassifier(data))
      expect(read.labels).toEqual(smallLabels.slice(0, classes))
      expect(new TextClassifier(read).classify([...texts, ...odd])).toEqual(classifier.classify([...texts, ...odd]))
      runTextSelfCheck(new TextClassifier(read), createTextSelfCheck(classifier, texts))
    })

    it('is refused when a file of it is missing, cut short, or not what it was', () => {
      const files = encodeTextClassifier(data)
      for (const [path, content] of files) {
        const without = new Map(files)
        without.delete(path)
        expect(() => decodeTextClassifier(without), `without ${path}`).toThrow(/_INVALID|missing|is not/)
        const cut = new Map(files).set(path, content.subarray(0, content.length - 1))
        expect(() => decodeTextClassifier(cut), `cut ${path}`).toThrow(/: /)
        const longer = new Map(files).set(path, Buffer.concat([content, content]))
        expect(() => decodeTextClassifier(longer), `twice ${path}`).toThrow(/: /)
        const spoilt = spoil(path, content)
        if (spoilt === undefined) continue
        expect(() => decodeTextClassifier(new Map(files).set(path, spoilt)), `bad ${path}`).toThrow(basename(path))
      }
    })

    it('is refused when its arrays are those of more or fewer labels', () => {
      const files = encodeTextClassifier(data)
      const header = JSON.parse(Buffer.from(files.get('classifier.json') ?? []).toString()) as object
      for (const labels of [[...data.labels, 'another'], data.labels.slice(1)]) {
        const other = new Map(files).set('classifier.json', Buffer.from(JSON.stringify({ ...header, labels })))
        expect(() => decodeTextClassifier(other)).toThrow(expect.objectContaining({ code: 'RPT_ML_BUNDLE_INVALID' }))
      }
    })

    it('says what each token does, at its place', async () => {
      const explain = createTextExplainer(classifier)
      for (const text of [...texts.slice(0, 3), ...odd]) {
        for (let label = 0; label < classes; label += 1) {
          const { method, of, base, value, tokens, localR2 } = await explain(text, label, { seed: 1, samples: 200 })
          for (const { start, end, weight } of tokens) {
            expect(end).toBeGreaterThan(start)
            expect(end).toBeLessThanOrEqual(text.length)
            expect(weight).not.toBeNaN()
          }
          const sum = tokens.reduce((total, token) => total + token.weight, base)
          const tolerance = 1e-6 * Math.max(1, Math.abs(value))
          const isLime = methods[name] === 'lime'
          expect({ method, of }).toEqual({ method: methods[name], of: isLime ? 'probability' : 'score' })
          expect(localR2 === undefined).toBe(!isLime)
          expect(localR2 ?? 1).toBeLessThanOrEqual(1)
          const expected = isLime ? (classifier.classify([text])[label] as number) : sum
          expect(Math.abs(value - expected)).toBeLessThan(tolerance)
        }
      }
    })
  })

  it.each(trained)('knows the labels that it was trained on, by %s', (name) => {
    const probabilities = new TextClassifier(calibrated(scorers[name]!, classes)).classify(texts)
    const right = labels.filter((label, row) => {
      const own = probabilities.subarray(row * classes, (row + 1) * classes)
      return own[label] === Math.max(...own)
    })
    expect(right.length / labels.length).toBeGreaterThan(0.95)
  })

  it('credits the words that tell the classes apart', async () => {
    for (const name of ['linear SVM', 'naive Bayes', 'random forest', 'kernel SVM']) {
      const explain = createTextExplainer(new TextClassifier(calibrated(scorers[name]!, classes)))
      const text = 'a lovely hotel room, number 3'
      const { tokens } = await explain(text, 0, { seed: 1, samples: 1000 })
      const most = tokens.reduce((a, b) => (b.weight > a.weight ? b : a))
      expect(text.slice(most.start, most.end), name).toBe('lovely')
      expect(most.weight, name).toBeGreaterThan(0)
    }
  })
})

it('is refused when its self-check gives something else', async () => {
  const { 'linear SVM': svm, network } = await smallScorers(2)
  const { texts } = smallTexts(2)
  const check = createTextSelfCheck(new TextClassifier(calibrated(svm!, 2)), texts)
  const other = new TextClassifier(calibrated(network!, 2))
  expect(() => runTextSelfCheck(other, check)).toThrow(/it must have/)
  expect(() => runTextSelfCheck(other, { texts: [] })).toThrow(/not one/)
})

it('explains a text of more words than LIME can take', async () => {
  const scorers = await smallScorers(2)
  const explain = createTextExplainer(new TextClassifier(calibrated(scorers['network']!, 2)))
  const text = Array.from({ length: 2100 }, (_, word) => `word${word}`).join(' ')
  const { tokens } = await explain(text, 1, { seed: 1, samples: 20 })
  expect(tokens.length).toBe(2100)
})
