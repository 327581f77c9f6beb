import { operatorTenant, type TextModelTask } from '@rapport/contracts'
import { createModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { createTextSelfCheck, encodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { trainTestClassifier, type TestTexts } from '@rapport/text-serving/testing'

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export interface GivenTextModel {
  readonly name: string
  readonly task: TextModelTask
  readonly texts: TestTexts
}

/** Trains a linear model on a few texts and makes it the champion. */
export async function publishGivenTextModel(
  objects: ObjectStore,
  { name, task, texts }: GivenTextModel,
): Promise<void> {
  const data = await trainTestClassifier(texts)
  const store = createModelStore(objects, { log: silent })
  const { version } = await store.publish({
    tenant: operatorTenant,
    name,
    task,
    algorithm: 'linear',
    framework: 'rapport',
    inputSchema: { text: 'string' },
    labels: [...data.labels],
    data: { rows: texts.texts.length, fingerprint: 'given' },
    parameters: {},
    metrics: {},
    codeRevision: 'test',
    files: encodeTextClassifier(data),
    selfCheck: createTextSelfCheck(new TextClassifier(data), texts.texts.slice(0, 8)),
  })
  await store.promote({ tenant: operatorTenant, name, alias: 'champion' }, version)
}
