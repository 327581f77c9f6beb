import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openBackend } from '../backend/open-backend.ts'
import type { LstmParameters, TextCnnParameters } from '../networks/parameters.ts'
import { initialWeights } from '../networks/weights.ts'
import { toyNetworks, toyTexts } from '../testing/toy-texts.ts'
import type { CheckpointStore } from './checkpoint.ts'
import { scoreOutputs } from './loss.ts'
import { predictOutputs } from './predict-outputs.ts'
import { TrainingStep } from './training-step.ts'
import { trainNetwork, type TrainingOptions, type TrainingResult } from './train-network.ts'
import { splitRows } from './validation-split.ts'

const [textCnn, lstm] = toyNetworks as [TextCnnParameters, LstmParameters]
const options: TrainingOptions = { epochs: 3, seed: 4, batchSize: 32, learningRate: 0.01 }
const weightsOf = ({ network }: TrainingResult): Float32Array[] => network.weights.map(({ values }) => values)

interface Wrong extends Partial<TrainingOptions> {
  readonly ids?: Int32Array
  readonly labels?: Int32Array
  readonly windows?: readonly number[]
  readonly dropout?: number
}

/** Keeps the last checkpoint in memory. */
function memoryStore(): CheckpointStore & { bytes: Uint8Array | undefined } {
  return {
    bytes: undefined,
    async load() {
      return this.bytes
    },
    async save(bytes) {
      this.bytes = bytes
    },
  }
}

beforeAll(async () => {
  await openBackend('wasm')
})

describe.each(toyNetworks)('training of $kind', (parameters) => {
  it('learns what the documents say, and leaves no tensor', async () => {
    const before = tf.memory().numTensors
    const counts = new Set<number>()
    const { network } = await trainNetwork(
      parameters,
      toyTexts(400, 1),
      { ...options, epochs: 10 },
      { onStep: () => counts.add(tf.memory().numTensors) },
    )
    expect([...counts]).toEqual([before])
    const { tokens, targets } = toyTexts(200, 2)
    const rows = Int32Array.from({ length: 200 }, (_, row) => row)
    expect(scoreOutputs(await predictOutputs(network, tokens), targets, { rows }).accuracy).toBeGreaterThan(0.95)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('goes on after its last epoch as if it had not been interrupted', async () => {
    const data = toyTexts(150, 1)
    const complete = { ...options, validationFraction: 0.2 }
    const uninterrupted = await trainNetwork(parameters, data, complete)
    const checkpoints = memoryStore()
    const abort = new AbortController()
    const killed = trainNetwork(parameters, data, complete, {
      checkpoints,
      signal: abort.signal,
      onStep: ({ epoch, step }) => (epoch === 2 && step === 2 ? abort.abort(new Error('killed')) : undefined),
    })
    await expect(killed).rejects.toThrow('killed')
    const resumed = await trainNetwork(parameters, data, complete, { checkpoints })
    expect(resumed.resumedEpochs).toBe(1)
    expect(weightsOf(resumed)).toEqual(weightsOf(uninterrupted))
    expect(resumed.history.map(({ loss, validation }) => ({ loss, validation }))).toEqual(
      uninterrupted.history.map(({ loss, validation }) => ({ loss, validation })),
    )
    const again = await trainNetwork(parameters, data, complete, { checkpoints })
    expect(again).toMatchObject({ resumedEpochs: 3, bestEpoch: resumed.bestEpoch })
    expect(again.firstStepMs).toBeUndefined()
    expect(weightsOf(again)).toEqual(weightsOf(resumed))
  })
})

describe('a run', () => {
  it('is the same for the same seed, and another for another', async () => {
    const train = async (seed: number) =>
      weightsOf(await trainNetwork(textCnn, toyTexts(60, 1), { ...options, epochs: 1, seed }))
    const first = await train(1)
    expect(await train(1)).toEqual(first)
    expect(await train(2)).not.toEqual(first)
  })

  it('takes every row of the training part once an epoch, in another order each time', async () => {
    const data = toyTexts(100, 1)
    const once = { ...options, epochs: 3, validationFraction: 0.2 }
    const { training } = splitRows(data.targets, 100, { fraction: 0.2, seed: once.seed })
    using run = vi.spyOn(TrainingStep.prototype, 'run')
    await trainNetwork(textCnn, data, once)
    const rows = run.mock.calls.flatMap(([batch]) => [...batch])
    const orders = [0, 1, 2].map((epoch) => rows.slice(epoch * training.length, (epoch + 1) * training.length))
    expect(rows).toHaveLength(3 * training.length)
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([...training])
    expect(new Set([[...training], ...orders].map(String)).size).toBe(4)
    run.mockClear()
    await trainNetwork(textCnn, data, once)
    expect(run.mock.calls.flatMap(([batch]) => [...batch])).toEqual(rows)
  })

  it('reports each step and epoch, the backend and the time of the first step', async () => {
    const onStep = vi.fn()
    const onEpoch = vi.fn()
    const result = await trainNetwork(textCnn, toyTexts(70, 1), { ...options, epochs: 2 }, { onStep, onEpoch })
    expect(
      onStep.mock.calls.map(([{ epoch, step, steps, fraction }]) => [epoch, step, steps, Math.round(6 * fraction)]),
    ).toEqual([
      [1, 1, 3, 1],
      [1, 2, 3, 2],
      [1, 3, 3, 3],
      [2, 1, 3, 4],
      [2, 2, 3, 5],
      [2, 3, 3, 6],
    ])
    expect(onEpoch.mock.calls.map(([report]) => report)).toEqual(result.history)
    expect(result).toMatchObject({ bestEpoch: 2, resumedEpochs: 0, backend: { name: 'wasm' } })
    expect(result.firstStepMs).toBeGreaterThan(0)
  })

  it('stops early and hands out the weights of the best epoch', async () => {
    // Labels without a rule: what is learnt is of no use on the validation part.
    const { tokens, targets } = toyTexts(120, 1)
    const labels = targets.labels.map((_, row) => (row * 7) % 3)
    const data = { tokens, targets: { kind: 'classes', labels } } as const
    const long = { ...options, epochs: 60, validationFraction: 0.25, patience: 2, learningRate: 0.03 }
    const stopped = await trainNetwork(textCnn, data, long)
    expect(stopped.history.length).toBe(stopped.bestEpoch + 2)
    const losses = stopped.history.map(({ validation }) => validation?.loss ?? Number.NaN)
    expect(Math.min(...losses)).toBe(losses[stopped.bestEpoch - 1])
    const untilBest = await trainNetwork(textCnn, data, { ...long, epochs: stopped.bestEpoch })
    expect(weightsOf(untilBest)).toEqual(weightsOf(stopped))
  })

  it('lets the event loop turn, and stops at once when aborted', async () => {
    let turns = 0
    const turn = (): void => {
      turns += 1
      immediate = setImmediate(turn)
    }
    let immediate = setImmediate(turn)
    const abort = new AbortController()
    const steps: number[] = []
    const training = trainNetwork(lstm, toyTexts(320, 1), options, {
      signal: abort.signal,
      onStep: ({ step }) => {
        steps.push(step)
        if (step === 5) abort.abort(new Error('enough'))
      },
    })
    await expect(training).rejects.toThrow('enough')
    clearImmediate(immediate)
    expect(steps).toEqual([1, 2, 3, 4, 5])
    expect(turns).toBeGreaterThanOrEqual(5)
    await expect(trainNetwork(lstm, toyTexts(9, 1), options, { signal: abort.signal })).rejects.toThrow('enough')
  })

  it('begins anew from a checkpoint that is damaged or of another run', async () => {
    const checkpoints = memoryStore()
    const data = toyTexts(40, 1)
    const first = await trainNetwork(textCnn, data, options, { checkpoints })
    const warn = vi.fn()
    const log = { warn, debug: warn, info: warn, error: warn }
    const other = await trainNetwork(textCnn, data, { ...options, seed: 5 }, { checkpoints, log })
    expect(other.resumedEpochs).toBe(0)
    expect(warn.mock.calls).toEqual([[{ problem: 'the checkpoint is of another run' }, 'training begins anew']])
    checkpoints.bytes?.fill(1, 100, 101)
    const third = await trainNetwork(textCnn, data, options, { checkpoints, log })
    expect(warn.mock.lastCall).toEqual([{ problem: 'the checkpoint is damaged' }, 'training begins anew'])
    expect(weightsOf(third)).toEqual(weightsOf(first))
  })

  it('tells what TensorFlow.js fails by from a bug', async () => {
    const cause = new Error('no memory is left')
    using _step = vi.spyOn(TrainingStep.prototype, 'run').mockImplementation(() => {
      throw cause
    })
    await expect(trainNetwork(textCnn, toyTexts(9, 1), options)).rejects.toMatchObject({
      code: 'RPT_DEEP_FAILED',
      message: 'step 1 of epoch 1 failed: no memory is left',
      cause,
    })
    const { parameters, weights } = initialWeights(textCnn, 1)
    const torn = weights.map((weight, index) => (index === 1 ? { ...weight, shape: [1] } : weight))
    await expect(predictOutputs({ parameters, weights: torn }, toyTexts(9, 1).tokens)).rejects.toMatchObject({
      code: 'RPT_DEEP_FAILED',
      message: expect.stringMatching(/^the prediction failed: /) as string,
    })
  })

  it('learns values by their squared error', async () => {
    const { tokens, targets } = toyTexts(300, 1)
    const parameters = { ...textCnn, outputs: 1, dropout: 0 }
    const values = Float32Array.from(targets.labels, (label) => 2 * label - 1)
    const data = { tokens, targets: { kind: 'values', values } } as const
    const { history, network } = await trainNetwork(parameters, data, {
      ...options,
      epochs: 12,
      validationFraction: 0.2,
    })
    expect(history.at(-1)?.validation).toEqual({ loss: expect.any(Number) })
    const predicted = await predictOutputs(network, tokens)
    const error = predicted.reduce((sum, value, row) => sum + (value - (values[row] as number)) ** 2, 0) / values.length
    expect(error).toBeLessThan(0.2)
  })

  it('hears a rare class where classes are balanced', async () => {
    const { tokens, targets } = toyTexts(200, 1)
    // Nothing in the documents tells the classes apart.
    const labels = targets.labels.map((_, row) => (row % 10 === 0 ? 1 : 0))
    const data = { tokens: { ...tokens, ids: tokens.ids.map(() => 5) }, targets: { kind: 'classes', labels } } as const
    const shareOfRare = async (weighting: Partial<TrainingOptions>) => {
      const parameters = { ...textCnn, outputs: 2 }
      const { network } = await trainNetwork(parameters, data, { ...options, epochs: 8, ...weighting })
      const [common = 0, rare = 0] = await predictOutputs(network, data.tokens, { rows: Int32Array.of(0) })
      return 1 / (1 + Math.exp(common - rare))
    }
    expect(await shareOfRare({})).toBeLessThan(0.2)
    expect(await shareOfRare({ classWeights: 'balanced' })).toBeGreaterThan(0.35)
    expect(await shareOfRare({ sampleWeights: Float64Array.from(labels, (label) => 8 * label + 1) })).toBeGreaterThan(
      0.35,
    )
  })

  it('weighs the classes of the validation part as those that it learns', async () => {
    const { tokens, targets } = toyTexts(100, 1)
    const classWeights = Float64Array.of(1, 5, 0.5)
    const once = { ...options, epochs: 1, validationFraction: 0.2, classWeights }
    const { network, history } = await trainNetwork(textCnn, { tokens, targets }, once)
    const rows = splitRows(targets, tokens.rows, { fraction: 0.2, seed: once.seed }).validation
    const losses = await Promise.all(
      Array.from(rows, async (row) => {
        const only = { rows: Int32Array.of(row) }
        const { loss } = scoreOutputs(await predictOutputs(network, tokens, only), targets, only)
        return (classWeights[targets.labels[row] as number] as number) * loss
      }),
    )
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / rows.length
    expect(history[0]?.validation?.loss).toBeCloseTo(mean, 5)
  })

  it('says that it diverged', async () => {
    const wild = { ...options, learningRate: 1e30, epochs: 5 }
    await expect(trainNetwork(lstm, toyTexts(200, 1), wild)).rejects.toMatchObject({ code: 'RPT_DEEP_DIVERGED' })
  })

  it('keeps gradients short where a limit is set', async () => {
    const limited = await trainNetwork(lstm, toyTexts(60, 1), { ...options, gradientNorm: 1e-12 })
    const free = await trainNetwork(lstm, toyTexts(60, 1), options)
    const moved = (result: TrainingResult): number => Math.abs(result.network.weights.at(-1)?.values[0] ?? 0)
    // Adam divides by the size of the gradient: only one near its epsilon makes steps shorter.
    expect(moved(limited)).toBeLessThan(moved(free) / 100)
  })

  it.each([
    ['labels', { labels: Int32Array.of(0, 3) }],
    ['labels', { labels: Int32Array.of(0) }],
    ['tokens', { ids: new Int32Array(18).fill(30) }],
    ['tokens', { ids: new Int32Array(17) }],
    ['epochs', { epochs: 0 }],
    ['validationFraction', { validationFraction: 1 }],
    ['windows', { windows: [10] }],
    ['windows', { windows: [2, 2] }],
    ['dropout', { dropout: 1 }],
    ['classWeights', { classWeights: Float64Array.of(1) }],
    ['weights', { sampleWeights: Float64Array.of(1, -1) }],
  ])('refuses wrong %s', async (name, wrong) => {
    const { ids = new Int32Array(18), labels = Int32Array.of(0, 1), ...others }: Wrong = wrong
    const data = { tokens: { rows: 2, length: 9, ids }, targets: { kind: 'classes', labels } } as const
    await expect(trainNetwork({ ...textCnn, ...others }, data, { ...options, ...others })).rejects.toMatchObject({
      code: 'RPT_DEEP_ARGUMENT_INVALID',
      message: expect.stringMatching(new RegExp(`^${name} `)),
    })
  })
})
