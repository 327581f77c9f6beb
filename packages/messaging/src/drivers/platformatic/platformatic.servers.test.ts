import { describeEventLog } from '../../port-suite.ts'
import { openKafkaHarness } from '../kafka/testing/harness.ts'
import * as driver from './index.ts'

describeEventLog('@platformatic/kafka', (topics) => openKafkaHarness(driver, topics))
