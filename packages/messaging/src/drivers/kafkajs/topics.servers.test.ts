import { describe } from 'vitest'
import { describeTopics } from '../kafka/suite/topics-suite.ts'
import * as driver from './index.ts'

describe('kafkajs', () => {
  describeTopics(driver)
})
