import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { runCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

test('keys are made, listed and revoked; a revoked one stops', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatformProcess({ dataDir: folder.path })
  const options = { platform, dataDir: folder.path }

  const created = await runCli(['keys', 'create', 'web shop', '--scope', 'events:write', 'recommend'], options)
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^rpt_[\w-]{43}\n$/) as string })
  const key = created.stdout.trim()
  const id = /^Key (\S+) \(events:write, recommend\)/.exec(created.stderr)?.[1] ?? ''

  const listed = await runCli(['keys', 'list'], options)
  expect(listed.stdout).toMatch(/^id +name +created +revoked +scopes\n/)
  expect(listed.stdout).toMatch(new RegExp(`^${id} +web shop +\\S+ +events:write recommend$`, 'm'))
  expect(listed.stdout).not.toContain(key)

  // The key may do what its scopes say, and no more.
  const notAllowed = await runCli(['keys', 'list'], { ...options, key })
  expect(notAllowed.code).toBe(1)
  expect(notAllowed.stderr).toMatch(/^rapport: .*keys:admin.* \(HTTP 403 RPT_\w+, request \S+\)\n$/)
  const track = (): Promise<number> =>
    fetch(`${platform.url}/v1/track`, {
      method: 'POST',
      headers: { 'x-api-key': key },
      body: JSON.stringify({ userId: 'u', event: 'Looked' }),
    }).then(({ status }) => status)
  expect(await track()).toBe(200)

  expect(await runCli(['keys', 'revoke', id], options)).toMatchObject({ code: 0, stdout: `${id} is revoked\n` })
  await vi.waitFor(async () => expect(await track()).toBe(401), { timeout: 60_000, interval: 200 })
  const after = await runCli(['keys', 'list'], options)
  expect(after.stdout).toMatch(new RegExp(`^${id} +web shop +\\S+ +20\\S+Z +events:write recommend$`, 'm'))
  expect(await runCli(['keys', 'revoke', 'key_nobody'], options)).toMatchObject({ code: 1 })

  // Without a key in the environment, the one in the data folder is taken.
  expect(await runCli(['keys', 'list'], { ...options, env: { RAPPORT_KEY: platform.key } })).toMatchObject({ code: 0 })
})

test(
  'wrong use ends with 2 and says what is right; failures end with 1 and say what to do',
  { timeout: 60_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path })
    const options = { platform, dataDir: folder.path, launcher: true }

    expect(await runCli(['--help'], options)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Exit codes:') as string,
    })
    expect(await runCli(['start', '--help'], options)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/RAPPORT_DATA_DIR .*Folder/) as string,
    })
    const wrong: [string[], RegExp][] = [
      [['dance'], /unknown command 'dance'/],
      [['import', 'netflix', '.'], /Allowed choices are movielens, online-retail, completejourney, mapping/],
      [['train', 'recommender', '--budget', 'much'], /whole number from 5 to 86400/],
      [['keys', 'create', 'x', '--scope', 'all'], /Allowed choices are events:write/],
      [['keys', 'create', 'x'], /required option '--scope <scope...>'/],
    ]
    for (const [args, message] of wrong) {
      expect(await runCli(args, options), args.join(' ')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(message) as string,
      })
    }
    const failing: [string[], Record<string, string>, RegExp][] = [
      [['keys', 'list'], { RAPPORT_KEY: 'rpt_wrong' }, /HTTP 401/],
      [
        ['keys', 'list'],
        { RAPPORT_URL: platform.url.replace(/\d+$/, '9') },
        /Is Rapport running there\? RAPPORT_URL names another place/,
      ],
      [['import', 'movielens', join(folder.path, 'none')], {}, /holds neither u\.item nor u\.item\.gz/],
      [['models', 'rollback', 'recommender'], {}, /named no earlier version.*HTTP 409/],
    ]
    for (const [args, env, message] of failing) {
      expect(await runCli(args, { ...options, env }), args.join(' ')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(message) as string,
      })
    }
  },
)
