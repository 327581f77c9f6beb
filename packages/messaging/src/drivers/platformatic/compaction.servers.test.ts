import { describe } from 'vitest'
import { describeCompaction } from '../kafka/suite/compaction-suite.ts'
import * as driver from './index.ts'

describe('@platformatic/kafka', () => {
  describeCompaction(driver)
})
