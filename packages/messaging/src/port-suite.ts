import { describeBroadcast } from './suite/broadcast-suite.ts'
import { describeGroups } from './suite/groups-suite.ts'
import type { OpenHarness } from './suite/harness.ts'
import { describeMissedRecords } from './suite/missed-records-suite.ts'
import { describeReadsAndWrites } from './suite/read-write-suite.ts'
import { describeTraces } from './suite/traces-suite.ts'

export type { EventLogHarness, OpenHarness } from './suite/harness.ts'

/** The contract of the event log port, for every driver. */
export function describeEventLog(name: string, open: OpenHarness): void {
  describeReadsAndWrites(name, open)
  describeGroups(name, open)
  describeBroadcast(name, open)
  describeMissedRecords(name, open)
  describeTraces(name, open)
}
