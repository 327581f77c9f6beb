import { obtainPromtool } from '@rapport/infra'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../support/platform-process.ts'
import { allExpressions, readRules, rulesPath, runbookQueries } from './used-metrics.ts'

const run = promisify(execFile)
const suites = ['objectives.promtool.yaml', 'alerts.promtool.yaml', 'processes.promtool.yaml'].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
)

/** Undefined where there is none; on CI it has to be there. */
async function findPromtool(): Promise<string | undefined> {
  try {
    return await obtainPromtool()
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error
    return undefined
  }
}

const promtool = await findPromtool()
const name =
  promtool === undefined ? 'promtool (skipped: it is not there, and neither is Debian’s package)' : 'promtool'

describe.skipIf(promtool === undefined)(name, () => {
  const ask = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(promtool ?? '', args)
    return `${stdout}${stderr}`
  }

  it('takes the rules', async () => {
    const rules = await readRules()
    expect(await ask('check', 'rules', '--lint=all', '--lint-fatal', rulesPath)).toContain(
      `SUCCESS: ${rules.length} rules`,
    )
  })

  it('takes every expression of the dashboards and runbooks', async () => {
    await using folder = await temporaryFolder()
    const expressions = [...(await allExpressions()), ...(await runbookQueries())]
    const rules = expressions.map((expr, at) => ({ record: `expression:${at}`, expr }))
    const file = join(folder.path, 'expressions.yaml')
    await writeFile(file, JSON.stringify({ groups: [{ name: 'all', rules }] }))
    expect(await ask('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules`)
  })

  it('sees each alert fire when it shall, and else not', async () => {
    expect(await ask('test', 'rules', ...suites)).toContain('SUCCESS')
  }, 120_000)
})

interface Suite {
  readonly tests: readonly {
    readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[]
  }[]
}

it('each alert is tested, when it fires and when not', async () => {
  const texts = await Promise.all(suites.map((file) => readFile(file, 'utf8')))
  const checks = texts.flatMap((text) => (parse(text) as Suite).tests.flatMap((test) => test.promql_expr_test ?? []))
  const alerts = new Set((await readRules()).flatMap(({ alert }) => alert ?? []))
  for (const alert of alerts) {
    const own = checks.filter(({ expr }) => expr.includes(`alertname="${alert}"`))
    const outcomes = new Set(own.map(({ exp_samples: samples }) => samples.length > 0))
    expect([alert, outcomes]).toEqual([alert, new Set([true, false])])
  }
})
