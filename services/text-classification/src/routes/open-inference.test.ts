import { describeOpenInference } from '@rapport/text-serving/conformance'
import { TestDesk, trainTopics } from '../testing.ts'

describeOpenInference({
  root: '/v1/text/v2',
  model: 'text',
  texts: ['where is my package', '我要退款', 'great shop, thank you', '快递太慢了'],
  open: async () => {
    const desk = await TestDesk.open()
    const data = await trainTopics()
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'v0', data, promotes: false })
    return Object.assign(desk, { foreignKey: await desk.platform.issueKey('shop', ['features:read']) })
  },
})
