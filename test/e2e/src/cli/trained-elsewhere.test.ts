import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { backfill, createShop } from '@rapport/demo-shop'
import { expect, test, vi } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const training = fileURLToPath(new URL('../../../../services/training/src/main.ts', import.meta.url))
const soon = { timeout: 60_000, interval: 50 }

test(
  'where trainings are left to processes that others start, the API tells, cancels and serves as ever',
  { timeout: 180_000 },
  async () => {
    await using folder = await temporaryFolder()
    await using stack = new AsyncDisposableStack()
    const platform = await startPlatformProcess({
      dataDir: folder.path,
      env: { RAPPORT_TRAINING_MIN_EVENTS: '1000000', RAPPORT_TRAINING_RUNNER: 'elsewhere' },
    })
    stack.use(platform)
    const { client } = platform
    /** As a pod does: told where the stores are, and of no job. */
    const startRunner = () => {
      const child = spawn(process.execPath, [training], { stdio: 'ignore', env: { RAPPORT_DATA_DIR: folder.path } })
      stack.defer(() => void child.kill('SIGKILL'))
      return once(child, 'exit').then(([code]) => code as number | null)
    }
    const stateOf = async (id: string): Promise<string> => (await client.trainingJobs.get(id)).state

    await backfill(client, createShop(5), Date.now(), 'behaviour')
    const long = await client.trainingJobs.create({ task: 'recommender', budgetSeconds: 600 })
    const first = startRunner()
    await vi.waitFor(async () => expect(await stateOf(long.id)).toBe('running'), soon)
    await client.trainingJobs.cancel(long.id)
    expect(await first).toBe(0)
    expect(await stateOf(long.id)).toBe('cancelled')

    const { id } = await client.trainingJobs.create({ task: 'recommender', budgetSeconds: 5 })
    expect((await client.trainingJobs.list()).map((job) => [job.id, job.state])).toEqual([
      [id, 'queued'],
      [long.id, 'cancelled'],
    ])
    const following = Array.fromAsync(client.trainingJobs.follow(id))
    expect(await Promise.all([startRunner(), startRunner()])).toEqual([0, 0])
    const events = await following
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['progress', 'log', 'end']))
    const { state, attempts, result } = await client.trainingJobs.get(id)
    expect({ state, attempts, result }).toMatchObject({ state: 'succeeded', attempts: 1, result: { promoted: true } })
    await vi.waitFor(async () => expect((await client.popular({ count: 1 })).model).toBe(result?.version), soon)
    const metrics = async (): Promise<string> => (await fetch(new URL('/metrics', platform.url))).text()
    for (const outcome of ['cancelled', 'promoted'])
      await vi.waitFor(
        async () =>
          expect(await metrics()).toContain(
            `rapport_training_seconds_count{task="recommender",outcome="${outcome}"} 1`,
          ),
        soon,
      )
  },
)
