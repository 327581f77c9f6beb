import { describeEventLog } from '../../port-suite.ts'
import { openEmbeddedHarness } from './test-harness.ts'

describeEventLog('embedded', openEmbeddedHarness)
