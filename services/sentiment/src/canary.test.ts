import { describeCanary } from '@rapport/text-serving/canary-suite'
import { TestDesk, trainSentiments } from './testing.ts'

describeCanary({
  open: TestDesk.open,
  paths: { label: '/v1/sentiment/analyze', root: '/v1/sentiment' },
  model: 'sentiment',
  metricPrefix: 'rapport_sentiment',
  train: trainSentiments,
  trainOther: () => trainSentiments(2),
  texts: ['it broke at once', '买了两件', 'works very well', '质量太差', 'it is blue', '非常喜欢'],
})
