import { describe } from 'vitest'
import { describeGroups } from '../kafka/suite/groups-suite.ts'
import * as driver from './index.ts'

describe('@platformatic/kafka', () => {
  describeGroups(driver)
})
