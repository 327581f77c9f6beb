import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with its totals on a line of their own: `N passed, N failed, N skipped`; also in the file RAPPORT_TEST_TOTALS. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) totals.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed') totals[state] += 1
        else totals.skipped += 1
      }
    }
    const line = `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`
    process.stdout.write(`\n${line}`)
    const file = process.env['RAPPORT_TEST_TOTALS']
    if (file !== undefined) writeFileSync(file, line)
  }
}
