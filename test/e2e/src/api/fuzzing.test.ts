import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'
import { hasPython, obtainSchemathesis } from '../support/schemathesis.ts'

const run = promisify(execFile)
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
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
    const self = async (): Promise<{ status: number; keyId: string }> => {
      const answer = await fetch(`${url}/v1/tenants/self`, { headers: { 'x-api-key': key } })
      return { status: answer.status, ...((await answer.json()) as { keyId: string }) }
    }
    const { keyId } = await self()
    const phases = ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '10', '--seed', '1']
    const options = [...phases, '--workers', '1', '--continue-on-failure', '--no-color', '--request-timeout', '20']
    const target = [`${url}/openapi.json`, '--url', url, '-H', `Authorization: Bearer ${key}`]
    const command = ['--config-file', pathOf('schemathesis.toml'), 'run', ...target, ...options]
    const hooks = { RAPPORT_SCHEMATHESIS_HOOKS: pathOf('schemathesis_hooks.py'), RAPPORT_KEY_ID: keyId }
    const result = await run(schemathesis, command, {
      cwd: working.path,
      env: { ...process.env, ...hooks },
      maxBuffer: 64 * 1024 ** 2,
    }).catch((error: { stdout: string; stderr: string }) => error)
    // "4622 generated, 4622 passed, 210 skipped": skipped are cases that could not be made, for instance bodies of a GET.
    expect(result.stdout + result.stderr).toMatch(/ ([1-9]\d{3}) generated, \1 passed(?:, \d+ skipped)?\n/)
    // A run that has lost its key would have been refused everywhere, and would have found nothing.
    expect(await self()).toMatchObject({ status: 200, keyId })
  })
})
