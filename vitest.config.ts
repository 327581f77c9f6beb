import { defineConfig } from 'vitest/config'

const timeouts = { testTimeout: 30_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    reporters: ['default', './scripts/totals-reporter.ts'],
    projects: [
      {
        test: {
          name: 'parts',
          include: [
            'packages/*/src/**/*.test.ts',
            'services/*/src/**/*.test.ts',
            'test/{bench,quality}/src/**/*.test.ts',
          ],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          ...timeouts,
        },
      },
      {
        // These start whole platforms and watch their timing: one after another, when nothing else runs.
        test: {
          name: 'end to end',
          include: ['test/e2e/src/**/*.test.ts'],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...timeouts,
        },
      },
    ],
  },
})
