import { describeCanary } from '@rapport/text-serving/canary-suite'
import { TestDesk, topicTexts, trainTopics } from './testing.ts'

describeCanary({
  open: TestDesk.open,
  paths: { label: '/v1/text/classify', root: '/v1/text' },
  model: 'text',
  metricPrefix: 'rapport_text',
  train: trainTopics,
  trainOther: async () => ({ ...(await trainTopics()), labels: ['delivery', 'refund', 'thanks'] }),
  texts: topicTexts(100).texts,
})
