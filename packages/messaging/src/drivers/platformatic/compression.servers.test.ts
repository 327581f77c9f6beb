import { describe } from 'vitest'
import { describeCompression } from '../kafka/suite/compression-suite.ts'
import * as driver from './index.ts'

describe('platformatic', () => {
  describeCompression(driver)
})
