import { topics } from '@rapport/contracts'
import { backfill, createShop } from '@rapport/demo-shop'
import { connectDrivers, createLogger, readConfig, StoresSchema } from '@rapport/service-kit'
import { expect, test, vi } from 'vitest'
import { runCli, startCli } from '../support/cli-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000' }
const versionPattern = /\d{8}T\d{6}Z-[0-9a-f]{8}/g

test(
  'a model is trained, listed, replaced and brought back; state is exported and rebuilt',
  { timeout: 300_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using platform = await startPlatformProcess({ dataDir: folder.path, env })
    const options = { platform, dataDir: folder.path }
    const { client } = platform
    const serving = async (): Promise<string | null> => (await client.popular({ count: 1 })).model

    expect(await runCli(['models', 'list'], options)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('There is no model yet') as string,
    })
    const early = await runCli(['train', 'recommender', '--budget', '5'], options)
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('not enough data') as string })

    await backfill(client, createShop(5), Date.now(), 'behaviour')
    const train = async (): Promise<string> => {
      const trained = await runCli(['train', 'recommender', '--budget', '5'], options)
      expect(trained, trained.stderr).toMatchObject({ code: 0 })
      expect(trained.stdout).toMatch(/^job recommender-\d+\n +algorithm +role +recall@20 .*ndcg@20/)
      expect(trained.stdout).toMatch(/^\* +\S+ +(challenger|champion) /m)
      expect(trained.stdout).toMatch(/popularity +baseline/)
      return trained.stdout.match(versionPattern)?.at(-1) ?? ''
    }
    const first = await train()
    await vi.waitFor(async () => expect(await serving()).toBe(first), { timeout: 60_000, interval: 100 })
    const second = await train()
    expect(second).not.toBe(first)

    const list = async (): Promise<string[]> =>
      (await runCli(['models', 'list'], options)).stdout.trimEnd().split('\n').slice(1)
    expect(await list()).toEqual([
      expect.stringMatching(new RegExp(`^recommender +${second} +champion +\\S+ .*test ndcg@20 0\\.\\d+`)) as string,
      expect.stringMatching(new RegExp(`^recommender +${first} {2,}`)) as string,
    ])
    const rolledBack = await runCli(['models', 'rollback', 'recommender'], options)
    expect(rolledBack.stdout).toMatch(new RegExp(`^champion of recommender is now version ${first} \\(revision 3\\)`))
    await vi.waitFor(async () => expect(await serving()).toBe(first), { timeout: 60_000, interval: 100 })
    await runCli(['models', 'promote', 'recommender', second], options)
    await runCli(['models', 'promote', 'recommender', first, '--alias', 'challenger'], options)
    expect((await list()).map((line) => line.split(/ {2,}/)[2])).toEqual(['champion', 'challenger'])
    await vi.waitFor(async () => expect(await serving()).toBe(second), { timeout: 60_000, interval: 100 })
    expect(await runCli(['models', 'promote', 'recommender', 'none'], options)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('HTTP 404') as string,
    })

    const exported = await runCli(['state', 'export'], options)
    expect(exported.stdout.trimEnd().split('\n').length).toBeGreaterThan(1000)
    const rebuilt = await runCli(['state', 'rebuild'], options)
    expect(rebuilt).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^rebuild \S+\n(\d+) events read, \1 applied\n$/) as string,
    })
    expect((await runCli(['state', 'export'], options)).stdout).toBe(exported.stdout)
  },
)

test('Ctrl-C while a model is trained cancels the job', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatformProcess({ dataDir: folder.path, env })
  const options = { platform, dataDir: folder.path, launcher: true }
  await backfill(platform.client, createShop(6), Date.now(), 'behaviour')
  const training = startCli(['train', 'recommender', '--budget', '600'], options)
  await vi.waitFor(
    async () => expect(await platform.client.trainingJobs.list()).toMatchObject([{ state: 'running' }]),
    { timeout: 60_000, interval: 50 },
  )
  training.child.kill('SIGINT')
  expect(await training.ended).toMatchObject({
    code: 130,
    stderr: expect.stringContaining('interrupted; the job is cancelled') as string,
  })
  expect(await platform.client.trainingJobs.list()).toMatchObject([{ state: 'cancelled' }])
})

test('events are tailed, and what could not be processed is replayed', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  {
    await using platform = await startPlatformProcess({ dataDir: folder.path, env })
    const options = { platform, dataDir: folder.path }
    const { client } = platform
    await client.batch(['one', 'two', 'three'].map((event) => ({ type: 'track', userId: 'u1', event })))
    const tail = await runCli(['events', 'tail', '--limit', '2'], options)
    const shown = tail.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; userId: string })
    expect(shown).toMatchObject([
      { event: 'two', userId: 'u1' },
      { event: 'three', userId: 'u1' },
    ])

    const following = startCli(['events', 'tail', '--limit', '1', '--follow'], options)
    let seen = ''
    following.child.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    await vi.waitFor(() => expect(seen).toContain('"three"'), { timeout: 20_000 })
    await client.track({ userId: 'u2', event: 'four' })
    await vi.waitFor(() => expect(seen).toContain('"four"'), { timeout: 20_000 })
    following.child.kill('SIGINT')
    expect(await following.ended).toMatchObject({ code: 130 })
    expect(await runCli(['events', 'replay'], options)).toMatchObject({ code: 0, stdout: '0 records replayed\n' })
  }
  {
    // A record that no client can send: written to the log of the stopped platform.
    const log = createLogger('test', { level: 'silent', pretty: false })
    await using drivers = await connectDrivers(readConfig(StoresSchema, { RAPPORT_DATA_DIR: folder.path }), log)
    await drivers.eventLog.publish([{ topic: topics.events.name, key: 'main/u1', value: Buffer.from('not JSON') }])
  }
  await using platform = await startPlatformProcess({ dataDir: folder.path, env })
  const options = { platform, dataDir: folder.path }
  const letters = async (): Promise<number> => (await platform.client.deadLetters.list()).deadLetters.length
  await vi.waitFor(async () => expect(await letters()).toBeGreaterThan(0), { timeout: 30_000, interval: 100 })
  expect(await runCli(['events', 'replay', '--code', 'RPT_OTHER'], options)).toMatchObject({
    stdout: '0 records replayed\n',
  })
  const [letter] = (await platform.client.deadLetters.list()).deadLetters
  expect(letter).toMatchObject({ key: 'main/u1', code: 'RPT_EVENT_NOT_JSON' })
  const replayed = await runCli(['events', 'replay', '--code', 'RPT_EVENT_NOT_JSON'], options)
  expect(Number(/^(\d+) records replayed/.exec(replayed.stdout)?.[1])).toBeGreaterThan(0)
})
