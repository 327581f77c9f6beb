import type { TestPlatform } from '@rapport/service-kit/testing'
import type { ControlConfig } from './config.ts'

/** The control plane on a test platform: nothing is trained unless a test asks for it. */
export const testConfig = (
  platform: Pick<TestPlatform, 'dataDir'>,
  changes: Partial<ControlConfig> = {},
): ControlConfig => ({
  adminKey: undefined,
  stores: { RAPPORT_DATA_DIR: platform.dataDir },
  logLevel: 'error',
  datasetRows: 1_000_000,
  datasetBytes: 1024 ** 3,
  runsElsewhere: false,
  trainingEntry: '/nowhere',
  trainingMemoryMb: 512,
  keepVersions: 5,
  minEvents: 1000,
  everyMs: 0,
  budgetSeconds: 30,
  firstBudgetSeconds: 5,
  starterModels: false,
  removalSettleMs: 50,
  pollMs: 20,
  ...changes,
})
