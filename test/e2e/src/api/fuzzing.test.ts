import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RapportClient } from '@rapport/sdk'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'
import { hasPython, obtainSchemathesis } from '../support/schemathesis.ts'

const run = promisify(execFile)
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const name = hasPython ? 'schemathesis' : 'schemathesis (skipped: there is no python3 with venv)'

const modelRoots = ['/v1/text/v2/models/{name}', '/v1/sentiment/v2/models/{name}']
/** Operations that answer with a model of texts alone. */
const labelling = [
  'POST /v1/text/classify',
  'POST /v1/sentiment/analyze',
  ...modelRoots.flatMap((root) =>
    [root, `${root}/versions/{version}`].flatMap((path) => [`GET ${path}`, `GET ${path}/ready`, `POST ${path}/infer`]),
  ),
]

/** By the beginning of their paths: the names and the versions of the starter models, once they serve. */
async function starterModels({ text, sentiment }: RapportClient): Promise<object> {
  const documents = [{ id: 'a', text: 'Where is my package?' }]
  const soon = { timeout: 120_000, interval: 500 }
  const answers = await vi.waitFor(
    () => Promise.all([text.classify({ documents }), sentiment.analyze({ documents })]),
    soon,
  )
  const [texts, sentiments] = answers.map(({ results }) => results[0]?.modelVersion)
  return {
    '/v1/text/v2/models/': { name: 'text', version: texts },
    '/v1/sentiment/v2/models/': { name: 'sentiment', version: sentiments },
  }
}

describe.skipIf(!hasPython)(name, () => {
  let schemathesis = ''
  beforeAll(async () => {
    schemathesis = await obtainSchemathesis()
  }, 180_000)

  test('finds no 5xx, no undocumented status and no answer that breaks its schema', { timeout: 720_000 }, async () => {
    await using folder = await temporaryFolder()
    await using working = await temporaryFolder()
    await using platform = await startPlatformProcess({
      dataDir: folder.path,
      env: { RAPPORT_STARTER_MODELS: 'true' },
    })
    const { url, key } = platform
    const served = await starterModels(platform.client)
    const self = async (): Promise<{ status: number; keyId: string }> => {
      const answer = await fetch(`${url}/v1/tenants/self`, { headers: { 'x-api-key': key } })
      return { status: answer.status, ...((await answer.json()) as { keyId: string }) }
    }
    const { keyId } = await self()
    const phases = ['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '10', '--seed', '1']
    const options = [...phases, '--workers', '1', '--continue-on-failure', '--no-color', '--request-timeout', '20']
    const target = [`${url}/openapi.json`, '--url', url, '-H', `Authorization: Bearer ${key}`]
    const command = ['--config-file', pathOf('schemathesis.toml'), 'run', ...target, ...options]
    const answers = join(working.path, 'answers')
    const hooks = {
      RAPPORT_SCHEMATHESIS_HOOKS: pathOf('schemathesis_hooks.py'),
      RAPPORT_KEY_ID: keyId,
      RAPPORT_SERVED_MODELS: JSON.stringify(served),
      RAPPORT_SCHEMATHESIS_ANSWERS: answers,
    }
    const result = await run(schemathesis, command, {
      cwd: working.path,
      env: { ...process.env, ...hooks },
      maxBuffer: 64 * 1024 ** 2,
    }).catch((error: { stdout: string; stderr: string }) => error)
    // "4622 generated, 4622 passed, 210 skipped": skipped are cases that could not be made, for instance bodies of a GET.
    expect(result.stdout + result.stderr).toMatch(/ ([1-9]\d{3}) generated, \1 passed(?:, \d+ skipped)?\n/)
    // A run that has lost its key would have been refused everywhere, and would have found nothing.
    expect(await self()).toMatchObject({ status: 200, keyId })
    const seen = new Set((await readFile(answers, 'utf8')).split('\n'))
    expect(labelling.filter((operation) => !seen.has(`${operation} 200`))).toEqual([])
  })
})
