import type { ClassifyTextsAnswer } from '@rapport/contracts'
import { TextDesk, type TestedService } from '@rapport/text-serving/testing'
import type { TextClassificationConfig } from './config.ts'
import { createTextClassificationService } from './service.ts'

export { topicLabels, topicTexts, trainTopics } from '@rapport/text-serving/testing'

const tested: TestedService = {
  create: createTextClassificationService,
  path: '/v1/text/classify',
  task: 'text-classification',
  model: 'text',
}

export type TestDesk = TextDesk<ClassifyTextsAnswer>
/** The service over real stores in a temporary folder, and a tenant's calls. */
export const TestDesk = {
  open: (config: Partial<TextClassificationConfig> = {}): Promise<TestDesk> => TextDesk.open(tested, config),
}
