import { expect, it } from 'vitest'
import { generatedReviews, toCorpus } from '../testing/text-datasets.ts'
import { openTextJobs, silentLog } from '../testing/text-jobs.ts'
import type { ProgressDetails } from '../training-context.ts'
import { chooseRecipe } from './choose-recipe.ts'
import type { NetworkTrainer, TrainedNetwork } from './networks/network-trainer.ts'
import { splitCorpus } from './split-corpus.ts'
import { pickTexts, TextProblem } from './text-problem.ts'
import { trainText } from './train-text.ts'

const signal = new AbortController().signal
const memoryLimitBytes = 2 ** 32

/** What is said, and a way to the details of a stage. */
function listen() {
  const said: { readonly stage: string; readonly details: ProgressDetails }[] = []
  return {
    report: (_: number, stage: string, details: ProgressDetails = {}) => void said.push({ stage, details }),
    of: (wanted: string) => said.filter(({ stage }) => stage.startsWith(wanted)).map(({ details }) => details),
  }
}

const whole = {
  candidate: expect.any(String) as string,
  best: { candidate: expect.stringMatching(/^multinomial-nb /) as string, mean: expect.any(Number) as number },
  leftSeconds: expect.any(Number) as number,
}

it(
  'names the best and the time that is left while candidates are compared and the winner is fitted',
  { timeout: 60_000 },
  async () => {
    await using jobs = await openTextJobs()
    await jobs.put(generatedReviews(120, { language: 'en' }), { algorithms: ['multinomial-nb'] })
    const { report, of } = listen()
    const job = await jobs.read()
    const { objects, models } = jobs
    const told = { log: silentLog, signal, report, codeRevision: 'test', assertClaim: () => Promise.resolve() }
    await trainText(job, { objects, models, memoryLimitBytes, ...told })
    expect(of('searching').at(-1)).toEqual(whole)
    for (const stage of ['judging multinomial-nb', 'fitting multinomial-nb']) {
      expect(of(stage).length).toBeGreaterThan(0)
      for (const details of of(stage)) expect(details).toEqual(whole)
    }
  },
)

it('names them while networks are trained', { timeout: 60_000 }, async () => {
  const corpus = toCorpus(generatedReviews(120, { language: 'en' }))
  const split = await splitCorpus(corpus, {})
  const part = pickTexts({ texts: corpus.texts, labels: corpus.labels, classes: 2 }, split.train)
  const trainer: Pick<NetworkTrainer, 'train'> = {
    train: (_recipe, _part, { onProgress }) => {
      onProgress?.(0.5)
      const score = (texts: readonly string[]) => Promise.resolve(new Float32Array(2 * texts.length))
      return Promise.resolve({ score, trainingMs: 1 } as unknown as TrainedNetwork)
    },
  }
  const problem = new TextProblem(part, {
    memoryLimitBytes,
    networks: () => Promise.resolve(trainer as NetworkTrainer),
  })
  const { report, of } = listen()
  const wish = { algorithms: ['multinomial-nb', 'text-cnn'], budgetSeconds: 3600 } as const
  await chooseRecipe(problem, split, { ...wish, algorithms: [...wish.algorithms] }, { signal, log: silentLog, report })
  const details = of('training a network')
  expect(details.length).toBeGreaterThan(split.folds)
  for (const each of details) expect(each).toEqual({ ...whole, candidate: 'text-cnn' })
  expect(details.at(-1)?.leftSeconds).toBeGreaterThan(3000)
})
