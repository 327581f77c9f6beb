import { defaultSentimentModelName, defaultTextModelName, operatorTenant, type TextTask } from '@rapport/contracts'
import { createModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { sentimentTexts, topicTexts } from '@rapport/starter-texts'
import {
  createTextSelfCheck,
  encodeTextClassifier,
  TextClassifier,
  type TextClassifierData,
} from '@rapport/text-models'
import { fitStarter } from '@rapport/training'

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
/** Of no text that a model has learnt. */
const seed = 99

export const modelOf: Readonly<Record<TextTask, string>> = {
  'text-classification': defaultTextModelName,
  sentiment: defaultSentimentModelName,
}

/** Short texts in both languages, half of each. */
export function shortTexts(task: TextTask, count: number): string[] {
  const options = { perLabel: count, seed }
  const draw = task === 'sentiment' ? sentimentTexts : topicTexts
  const [zh, en] = [draw({ ...options, language: 'zh' }), draw({ ...options, language: 'en' })]
  return Array.from({ length: count }, (_, at) => (at % 2 === 0 ? zh : en).next().value?.text ?? '')
}

/** A linear model on characters of both languages, as the release's starter model is. */
export const trainTextModel = async (task: TextTask): Promise<TextClassifierData> =>
  (await fitStarter(task, { memoryLimitBytes: 4 * 1024 ** 3 })).data

/** Publishes the model of the first tenant under each of the versions; the first one serves. */
export async function publishTextModel(
  objects: ObjectStore,
  task: TextTask,
  versions: readonly string[],
): Promise<void> {
  const data = await trainTextModel(task)
  const store = createModelStore(objects, { log: silent })
  const ref = { tenant: operatorTenant, name: modelOf[task] }
  for (const version of versions) {
    await store.publish({
      ...ref,
      version,
      task,
      algorithm: 'linear-svm',
      framework: 'rapport',
      inputSchema: { text: 'string' },
      labels: [...data.labels],
      data: { rows: 0, fingerprint: 'made' },
      parameters: {},
      metrics: {},
      codeRevision: 'bench',
      files: encodeTextClassifier(data),
      selfCheck: createTextSelfCheck(new TextClassifier(data), shortTexts(task, 8)),
    })
  }
  await store.promote({ ...ref, alias: 'champion' }, versions[0] ?? '')
}
