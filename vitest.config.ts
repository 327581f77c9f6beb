import { defineConfig } from 'vitest/config'

const timeouts = { testTimeout: 30_000, hookTimeout: 60_000 }
/** Tests against a real Kafka, Redis or S3. */
const onServers = '**/*.servers.test.ts'
/** Tests on TensorFlow's native library. */
const onNative = '**/*.native.test.ts'
/** Tests that build images and run containers of them. */
const onContainers = '**/*.containers.test.ts'

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
            'scripts/**/*.test.ts',
            'test/{bench,cluster,deep,images,infra,quality}/src/**/*.test.ts',
          ],
          exclude: [onServers, onNative, onContainers],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          ...timeouts,
        },
      },
      {
        test: {
          name: 'native',
          include: [`packages/deep/src/${onNative}`, `test/deep/src/${onNative}`],
          globalSetup: ['scripts/tensorflow/vitest-setup.ts'],
          // The library is loaded once a process and not unloaded: no threads.
          pool: 'forks',
          env: { TF_CPP_MIN_LOG_LEVEL: '2' },
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          ...timeouts,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['packages/*/src/', 'services/*/src/', 'test/*/src/'].map((folder) => `${folder}${onServers}`),
          globalSetup: ['test/infra/src/vitest-setup.ts'],
          setupFiles: ['test/infra/src/vitest-environment.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...timeouts,
        },
      },
      {
        // These start whole platforms and watch their timing: one after another, when nothing else runs.
        test: {
          name: 'end to end',
          include: ['test/{e2e,resilience}/src/**/*.test.ts', `test/images/src/${onContainers}`],
          exclude: [onServers],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...timeouts,
        },
      },
    ],
  },
})
