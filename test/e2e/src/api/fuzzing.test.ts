import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'
import { hasPython, obtainSchemathesis } from '../support/schemathesis.ts'

const run = promisify(execFile)
const name = hasPython ? 'schemathesis' : 'schemathesis (skipped: there is no python3 with venv)'

describe.skipIf(!hasPython)(name, () => {
  let schemathesis = ''
  beforeAll(async () => {
    schemathesis = await obtainSchemathesis()
  }, 180_000)

  test('finds no 5xx, no undocumented status and no answer that breaks its schema', { timeout: 600_000 }, async () => {
    await using folder = await temporaryFolder()
    await using working = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path })
    const { url, key } = platform
    const phases = ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '25', '--seed', '1']
    const options = [...phases, '--workers', '1', '--continue-on-failure', '--no-color', '--request-timeout', '20']
    const target = [`${url}/openapi.json`, '--url', url, '-H', `Authorization: Bearer ${key}`]
    const result = await run(schemathesis, ['run', ...target, ...options], {
      cwd: working.path,
      maxBuffer: 64 * 1024 ** 2,
    }).catch((error: { stdout: string; stderr: string }) => error)
    expect(result.stdout + result.stderr).toMatch(/No issues found/)
  })
})
