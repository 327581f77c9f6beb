import type { AnalyzeSentimentsAnswer } from '@rapport/contracts'
import type { TextClassifierData } from '@rapport/text-models'
import { TextDesk, trainTestClassifier, type TestedService } from '@rapport/text-serving/testing'
import type { SentimentConfig } from './config.ts'
import { createSentimentService } from './service.ts'

const openings = ['', 'well,', '客服你好，', 'order 7:', '说一下：']
/** By sentiment, in the order negative, neutral, positive. */
const kinds: readonly (readonly string[])[] = [
  ['it broke at once', 'terrible quality', 'arrived late and useless', '质量太差', '很失望', '服務很糟糕'],
  ['the parcel came on monday', 'it is blue', 'ordered two of them', '周一收到', '买了两件', '顏色是藍色'],
  ['works very well', 'lovely and soft', 'great value', '质量很好', '非常喜欢', '服務很棒'],
]
const names = ['negative', 'neutral', 'positive']

/** A classifier of generated reviews, of three labels, or of the two ends. */
export function trainSentiments(labels: 2 | 3 = 3): Promise<TextClassifierData> {
  const used = labels === 3 ? [0, 1, 2] : [0, 2]
  const rows = Array.from({ length: 180 }, (_, row) => row)
  const texts = rows.map((row) => {
    const phrases = kinds[used[row % labels] as number] as readonly string[]
    return `${openings[(row * 7) % openings.length]} ${phrases[Math.floor(row / labels) % phrases.length]}`
  })
  const known = used.map((at) => names[at] as string)
  return trainTestClassifier({ texts, labels: Int32Array.from(rows, (row) => row % labels), names: known })
}

const tested: TestedService = {
  create: createSentimentService,
  path: '/v1/sentiment/analyze',
  task: 'sentiment',
  model: 'sentiment',
}

export type TestDesk = TextDesk<AnalyzeSentimentsAnswer>
/** The service over real stores in a temporary folder, and a tenant's calls. */
export const TestDesk = {
  open: (config: Partial<SentimentConfig> = {}): Promise<TestDesk> => TextDesk.open(tested, config),
}
