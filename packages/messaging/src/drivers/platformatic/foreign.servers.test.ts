import { describe } from 'vitest'
import { describeForeignRecords } from '../kafka/suite/foreign-suite.ts'
import * as driver from './index.ts'

describe('platformatic', () => {
  describeForeignRecords(driver)
})
