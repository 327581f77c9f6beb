import { describeOpenInference } from '@rapport/text-serving/conformance'
import { TestDesk, trainSentiments } from './testing.ts'

describeOpenInference({
  root: '/v1/sentiment/v2',
  model: 'sentiment',
  texts: ['works very well', '质量太差', 'it is blue', 'terrible quality'],
  open: async () => {
    const desk = await TestDesk.open()
    const data = await trainSentiments()
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'v0', data, promotes: false })
    return Object.assign(desk, { foreignKey: await desk.platform.issueKey('shop', ['features:read']) })
  },
})
