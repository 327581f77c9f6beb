import { describeEventLog } from '../../port-suite.ts'
import { openKafkaHarness } from './testing/harness.ts'

describeEventLog('kafkajs', (topics) => openKafkaHarness(topics))
