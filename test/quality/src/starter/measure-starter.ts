import type { TextTask } from '@rapport/contracts'
import { shippedStarters } from '@rapport/starter-texts/release'
import { TextClassifier } from '@rapport/text-models'
import { fitStarter, type FittedStarter } from '@rapport/training'
import type { LabelledText } from '../data/labelled-texts.ts'
import type { QualityRow } from '../report/quality-set.ts'

const memoryLimitBytes = 2 * 1024 ** 3
const batch = 64
const fitted = new Map<TextTask, Promise<FittedStarter>>()

/**
 * The starter model of a task on labelled texts. Where they have two labels alone the others are left out of its answers,
 * and its probabilities are those of the two.
 */
export async function measureStarter(
  { name, task }: { readonly name: string; readonly task: TextTask },
  rows: readonly LabelledText[],
  say: (line: string) => void,
): Promise<QualityRow> {
  const { data, texts, revision } = await fitOnce(task)
  say(`${texts.length} made texts, ${rows.length} real ones`)
  const { accuracy, meanConfidence } = score(new TextClassifier(data), rows)
  const released = shippedStarters.find((starter) => starter.task === task)?.measured[name]
  return {
    model: 'starter',
    chosen: revision,
    metrics: { accuracy, meanConfidence, rows: rows.length, ...(released && { released: released.accuracy }) },
  }
}

function fitOnce(task: TextTask): Promise<FittedStarter> {
  const known = fitted.get(task)
  if (known !== undefined) return known
  const made = fitStarter(task, { memoryLimitBytes })
  fitted.set(task, made)
  return made
}

function score(
  classifier: TextClassifier,
  rows: readonly LabelledText[],
): { accuracy: number; meanConfidence: number } {
  const { labels } = classifier
  const present = new Set(rows.map(({ label }) => label))
  const asked = present.size === 2 ? [...present].map((label) => labels.indexOf(label)) : [...labels.keys()]
  let right = 0
  let confidence = 0
  for (let from = 0; from < rows.length; from += batch) {
    const slice = rows.slice(from, from + batch)
    const probabilities = classifier.classify(slice.map(({ text }) => text))
    for (const [at, { label }] of slice.entries()) {
      const of = (one: number): number => probabilities[at * labels.length + one] as number
      const best = asked.reduce((one, other) => (of(other) > of(one) ? other : one))
      if (labels[best] === label) right += 1
      confidence += of(best) / asked.reduce((sum, one) => sum + of(one), 0)
    }
  }
  return { accuracy: right / rows.length, meanConfidence: confidence / rows.length }
}
