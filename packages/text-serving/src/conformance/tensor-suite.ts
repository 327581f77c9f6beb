import { describe, expect, it } from 'vitest'
import { textTensor, type InferenceAnswer, type Tried } from './inference-caller.ts'

const tensor = ({ outputs }: InferenceAnswer, name: string) => {
  const found = outputs.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no output ${name}`)
  return found
}
const sizeOf = (shape: readonly number[]): number => shape.reduce((size, each) => size * each, 1)

export function describeTensorRules(tried: Tried): void {
  describeInputData(tried)
  describeOutputData(tried)
}

function describeInputData({ caller, texts }: Tried): void {
  const column = [texts.length, 1]
  const rows = texts.map((text) => [text])

  describe('tensor data that is sent', () => {
    it('flat and nested as its shape are the same', async () => {
      const flat = await caller().infer({ inputs: [textTensor(texts)] })
      expect(await caller().infer({ inputs: [textTensor(texts, { shape: column })] })).toEqual(flat)
      expect(await caller().infer({ inputs: [textTensor(rows, { shape: column })] })).toEqual(flat)
    })

    it.each([
      [
        'rows of another length than the shape’s',
        [
          [texts[0], texts[1]],
          [texts[2], texts[3]],
        ],
        column,
      ],
      ['rows of which one is too long', [[texts[0]], [texts[1]], [texts[2], texts[3]]], column],
      ['rows beside elements', [texts[0], ...rows.slice(1)], column],
      ['rows for a shape without', rows, [texts.length]],
      ['rows of rows', rows.map((row) => [row]), column],
    ])('%s are an error', async (_what, data, shape) => {
      expect(await caller().refusal(400, { inputs: [textTensor(data, { shape })] })).toContain('"text"')
    })

    it('has as many elements as its shape says, a whole batch of any size', async () => {
      for (const shape of [[3], [5], [3, 1], [4, 2], [1, 4], []]) {
        expect(await caller().refusal(400, { inputs: [textTensor(texts, { shape })] })).toContain('"text"')
      }
      const none = await caller().infer({ inputs: [textTensor([])] })
      expect(tensor(none, 'label')).toMatchObject({ shape: [0], data: [] })
      expect(tensor(none, 'probabilities')).toMatchObject({ shape: [0, tensor(none, 'labels').data.length], data: [] })
    })

    it.each([[[-1]], [[1.5]], [['4']], ['4'], [4]])('has a shape of whole numbers, which %j is not', async (shape) => {
      expect(await caller().refusal(400, { inputs: [textTensor(texts, { shape })] })).toContain('shape')
    })

    it.each([1, true, null, {}])('is of BYTES, so an element %j is an error', async (element) => {
      expect(await caller().refusal(400, { inputs: [textTensor([texts[0], element])] })).toContain('element 1')
    })

    it.each(['FP32', 'INT64', 'bytes', 'STRING'])(
      'is of the datatype that the model takes, not %s',
      async (datatype) => {
        expect(await caller().refusal(400, { inputs: [textTensor(texts, { datatype })] })).toContain(datatype)
      },
    )
  })
}

function describeOutputData({ caller, texts }: Tried): void {
  const inputs = [textTensor(texts)]

  describe('tensor data that is answered', () => {
    it('has as many elements as its shape says, of its datatype', async () => {
      for (const { shape, datatype, data } of (await caller().infer({ inputs })).outputs) {
        expect(data).toHaveLength(sizeOf(shape))
        const isRight = (each: unknown): boolean =>
          datatype === 'BYTES' ? typeof each === 'string' : typeof each === 'number' && Math.fround(each) === each
        expect(data.filter((each) => !isRight(each))).toEqual([])
      }
    })

    it('is in row-major order: the row of a text in a batch is what the text alone has', async () => {
      const batch = await caller().infer({ inputs })
      const all = tensor(batch, 'probabilities').data
      const width = all.length / texts.length
      for (const [row, text] of texts.entries()) {
        const alone = await caller().infer({ inputs: [textTensor([text])] })
        expect(tensor(alone, 'probabilities').data).toEqual(all.slice(row * width, (row + 1) * width))
        expect(tensor(alone, 'label').data).toEqual([tensor(batch, 'label').data[row]])
      }
    })

    it('fits together: the columns are the labels, a row sums to 1, and the label is the largest of its row', async () => {
      const batch = await caller().infer({ inputs })
      const [labels, all] = [tensor(batch, 'labels').data, tensor(batch, 'probabilities').data.map(Number)]
      for (const [row, label] of tensor(batch, 'label').data.entries()) {
        const own = all.slice(row * labels.length, (row + 1) * labels.length)
        expect(own.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5)
        expect(labels[own.indexOf(Math.max(...own))]).toBe(label)
      }
      expect(new Set(tensor(batch, 'label').data).size).toBeGreaterThan(1)
    })
  })
}
