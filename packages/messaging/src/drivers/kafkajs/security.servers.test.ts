import { describe } from 'vitest'
import { describeSecurity } from '../kafka/suite/security-suite.ts'
import * as driver from './index.ts'

describe('kafkajs', () => {
  describeSecurity(driver)
})
