import { describe } from 'vitest'
import { describeAccess } from '../kafka/suite/access-suite.ts'
import * as driver from './index.ts'

describe('@platformatic/kafka', () => {
  describeAccess(driver)
})
