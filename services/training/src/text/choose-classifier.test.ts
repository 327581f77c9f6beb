import { TextClassifier } from '@rapport/text-models'
import { expect, it } from 'vitest'
import { generatedReviews } from '../testing/text-datasets.ts'
import { openTextJobs, silentLog } from '../testing/text-jobs.ts'
import { chooseClassifier } from './choose-classifier.ts'

it('chooses what a job on the same texts chooses, and fits it to all of them', { timeout: 120_000 }, async () => {
  const rows = generatedReviews(200, { language: 'en', wrong: 10 })
  const names = ['bad', 'good']
  const part = {
    texts: rows.map(({ text }) => text),
    labels: Int32Array.from(rows, ({ label }) => names.indexOf(label)),
    classes: 2,
  }
  const chosen = await chooseClassifier(part, names, {
    algorithms: ['linear-svm', 'multinomial-nb'],
    objective: 'accuracy',
    budgetSeconds: 3600,
    memoryLimitBytes: 2 ** 32,
    signal: new AbortController().signal,
    log: silentLog,
  })
  expect(chosen.mean).toBeGreaterThan(0.8)
  expect(chosen.name).toContain(chosen.recipe.algorithm)
  const probabilities = new TextClassifier(chosen.data).classify([
    'the tent feels sturdy and warm',
    'the lamp never switched on',
  ])
  expect(probabilities[1]).toBeGreaterThan(0.5)
  expect(probabilities[2]).toBeGreaterThan(0.5)

  await using jobs = await openTextJobs()
  await jobs.put(rows, { algorithms: ['linear-svm', 'multinomial-nb'] })
  expect(await jobs.run()).toBe('succeeded')
  const { leaderboard = [] } = await jobs.read()
  expect(leaderboard.find(({ isWinner }) => isWinner)?.algorithm).toBe(chosen.recipe.algorithm)
})
