import { describeEventLog } from '../../port-suite.ts'
import { openEmbeddedHarness } from './testing/harness.ts'

describeEventLog('embedded', openEmbeddedHarness)
