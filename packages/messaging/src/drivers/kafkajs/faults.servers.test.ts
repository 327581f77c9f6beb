import { describe } from 'vitest'
import { describeFaults } from '../kafka/suite/faults-suite.ts'
import * as driver from './index.ts'

describe('kafkajs', () => {
  describeFaults(driver)
})
