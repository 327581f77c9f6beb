import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { RapportClient, type RecommendationResponse } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import type { PlatformProcess } from '../support/platform-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const shell = async (command: string): Promise<string> => (await promisify(execFile)('sh', ['-c', command])).stdout
const twoMinutes = 120_000

/** The commands to paste that stand on the screen; a backslash at the end of a line goes on in the next. */
async function printedCalls(platform: PlatformProcess): Promise<readonly string[]> {
  await vi.waitFor(
    () => expect(platform.lines.filter((line) => line.includes('curl ')).length).toBeGreaterThanOrEqual(4),
    {
      timeout: twoMinutes,
      interval: 200,
    },
  )
  const commands = platform.lines.filter((line) => line.includes('curl ')).join('\n')
  return commands.replaceAll('\\\n', ' ').split('\n')
}

const answers = (output: string): readonly RecommendationResponse[] =>
  output
    .split(/\n|(?<=\})(?=\{)/)
    .filter((text) => text.includes('"recommendationId"'))
    .map((text) => JSON.parse(text) as RecommendationResponse)

const visitors = Array.from({ length: 20 }, (_, number) => `visitor-${number + 1}`)
const eventually = { timeout: twoMinutes, interval: 500 }

/** What visitors wrote stands on their pages, by sentiment and topic. */
const seesMoodsOfVisitors = (shop: RapportClient): Promise<void> =>
  vi.waitFor(async () => {
    const profiles = await Promise.all(visitors.map((visitor) => shop.users.get(visitor)))
    const reviews = profiles.flatMap((profile) => profile?.texts ?? []).filter(({ rating }) => rating !== undefined)
    expect(reviews.some(({ sentiment, label }) => sentiment !== undefined && label !== undefined)).toBe(true)
    expect(profiles.flatMap((profile) => Object.keys(profile?.sentiments ?? {}))).toContain('negative')
  }, eventually)

/** Why items are recommended says how they are rated and what customers complain of. */
const seesReasonsFromReviews = (shop: RapportClient): Promise<void> =>
  vi.waitFor(async () => {
    const shown = await Promise.all(visitors.map((userId) => shop.recommend({ userId, count: 100, explain: true })))
    const said = shown.flatMap(({ items }) => items.flatMap(({ reasons = [] }) => reasons.map(({ text }) => text.en)))
    expect(said).toContainEqual(expect.stringMatching(/^Rated \d(\.\d)? on average in \d+ reviews$/))
    expect(said).toContainEqual(expect.stringMatching(/^\d+ messages of customers are unhappy about “[a-z]+”$/))
  }, eventually)

/** As `npm start` has it. */
const env = { RAPPORT_STARTER_MODELS: 'true' }

test(
  'npm start shows within two minutes what the platform does, then what reviews change, and goes on where it was',
  { timeout: 480_000 },
  async () => {
    await using folder = await temporaryFolder()
    {
      await using platform = await startPlatformProcess({ dataDir: folder.path, args: [], env })
      const [plain = '', explained = '', changed = ''] = await printedCalls(platform)

      const [first] = answers(await shell(plain))
      expect(first?.items).toHaveLength(3)
      expect(first?.model).not.toBeNull()

      const [withReasons] = answers(await shell(explained))
      for (const item of withReasons?.items ?? []) {
        expect(item.reasons?.[0]?.text.en).toMatch(/\w/)
        expect(item.reasons?.[0]?.text.zh).toMatch(/[\u4e00-\u9fff]/)
      }

      const [after] = answers(await shell(changed))
      expect(after?.items).toHaveLength(3)
      expect(after?.items.map(({ id }) => id)).not.toEqual(withReasons?.items.map(({ id }) => id))
      const key = (await readFile(join(folder.path, 'shop-key'), 'utf8')).trim()
      const shop = new RapportClient({ url: platform.url, key })
      await seesMoodsOfVisitors(shop)
      await seesReasonsFromReviews(shop)
      await expect(startPlatformProcess({ dataDir: folder.path })).rejects.toThrow('is in use by process')

      platform.child.kill('SIGINT')
      expect(await once(platform.child, 'exit')).toEqual([0, null])
    }
    await using again = await startPlatformProcess({ dataDir: folder.path, args: [] })
    const [plain = ''] = await printedCalls(again)
    expect(answers(await shell(plain))[0]?.model).not.toBeNull()
    expect(again.lines.some((line) => line.startsWith('The shop has sent'))).toBe(false)
  },
)
