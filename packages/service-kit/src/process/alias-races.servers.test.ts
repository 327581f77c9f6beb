import { startS3, type S3 } from '@rapport/infra'
import type { ObjectStore } from '@rapport/object-store'
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino, type Logger } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../config/read-config.ts'
import type { Alias, Count, Race, Written } from './alias-writers.fixture.ts'
import { connectObjectStore } from './connect-drivers.ts'
import { ObjectStoreOnlySchema } from './store-config.ts'

const program = fileURLToPath(new URL('alias-writers.fixture.ts', import.meta.url))
const processes = 4
const writersEach = 6
const rounds = 8
const refusal = /writers who raced to .*, \d+ were told that they had won; give the object store a lock/

const stack = new AsyncDisposableStack()
const warnings: string[] = []
const log: Logger = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) })
let s3: S3
let variables: Record<string, string>
let store: ObjectStore
let children: ChildProcess[]

const connect = async (changes: Record<string, string> = {}): Promise<ObjectStore> => {
  const config = readConfig(ObjectStoreOnlySchema, { ...variables, ...changes })
  return stack.use(await connectObjectStore(config, log)).objectStore
}

beforeAll(async () => {
  s3 = stack.use(await startS3({ writesInTwoSteps: true }))
  variables = await foundRacy({
    RAPPORT_S3_ENDPOINT: s3.endpoint,
    RAPPORT_S3_ACCESS_KEY_ID: s3.accessKeyId,
    RAPPORT_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  })
  store = await connect()
  children = await Promise.all(Array.from({ length: processes }, startChild))
}, 180_000)
afterAll(() => stack.disposeAsync())

/**
 * The variables of a place in the store where a probe has seen the race, and of the lock. A race is a matter of luck, so
 * that one start in some does not see it; one that has leaves word for all later ones.
 */
async function foundRacy(server: Record<string, string>): Promise<Record<string, string>> {
  for (let starts = 0; starts < 20; starts += 1) {
    const place = { ...server, RAPPORT_S3_PREFIX: randomUUID() }
    try {
      await using _ = await connectObjectStore(readConfig(ObjectStoreOnlySchema, place), log)
    } catch (error) {
      expect(error).toMatchObject({ code: 'RPT_OBJECT_STORE_CONFIG', message: expect.stringMatching(refusal) })
      return { ...place, RAPPORT_REDIS_URL: process.env['RAPPORT_REDIS_URL'] ?? '' }
    }
  }
  throw new Error('no start has seen the race')
}

async function startChild(): Promise<ChildProcess> {
  const child = fork(program, { env: variables })
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown]
  if (first !== 'ready') throw new Error(`a process of writers ended with ${String(first)}`)
  return child
}

async function tellAll(order: Race | Count): Promise<Written> {
  const answers = await Promise.all(
    children.map(async (child) => {
      const answer = once(child, 'message')
      child.send(order)
      return ((await answer) as [Written])[0]
    }),
  )
  return { winners: answers.flatMap(({ winners }) => winners), errors: answers.flatMap(({ errors }) => errors) }
}

const read = async (key: string): Promise<Alias | undefined> => {
  const found = await store.get(key)
  return found === undefined ? undefined : (JSON.parse(Buffer.from(found.body).toString()) as Alias)
}

/** Revisions of the alias, as one who reads it all the time sees them while `work` goes on. */
async function revisionsDuring(key: string, work: Promise<unknown>): Promise<number[]> {
  const seen: number[] = []
  const ended = new AbortController()
  void work.catch(() => undefined).then(() => ended.abort())
  while (!ended.signal.aborted) {
    const alias = await read(key)
    if (alias !== undefined) seen.push(alias.revision)
    await turn()
  }
  await work
  return seen
}

it('a store that is found racy is written to under the lock', () => {
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('writes are made under a lock')
})

it('lets several win where nothing keeps them apart', { timeout: 120_000 }, async () => {
  const unlocked = await connect({ RAPPORT_S3_CONDITIONAL_PUTS: 'native' })
  let most = 0
  for (let round = 0; round < 1000 && most < 2; round += 1) {
    const standing = await unlocked.put('unlocked', Buffer.from(`round ${round}`))
    const ifMatch = standing.stored ? standing.etag : ''
    const puts = Array.from({ length: 24 }, (_, writer) =>
      unlocked.put('unlocked', Buffer.from(`${round} of writer ${writer}`), { ifMatch }),
    )
    const outcomes = await Promise.allSettled(puts)
    const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value.stored)
    most = Math.max(most, winners.length)
  }
  expect(most).toBeGreaterThan(1)
})

it(
  'lets one of many writers in several processes win each round, put-if-absent and put-if-match',
  { timeout: 120_000 },
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      const key = `aliases/${round}`
      let ifMatch: string | undefined
      for (const revision of [1, 2, 3]) {
        const { winners, errors } = await tellAll({ key, revision, ...(ifMatch === undefined ? {} : { ifMatch }) })
        expect(errors).toEqual([])
        expect(winners).toHaveLength(1)
        expect(await read(key)).toEqual({ revision, writer: winners[0]?.writer })
        ifMatch = winners[0]?.etag
      }
    }
  },
)

it('loses no step of an alias that all move at once, and its revision only grows', { timeout: 120_000 }, async () => {
  const key = 'aliases/champion'
  const times = 3
  const work = tellAll({ key, times })
  const seen = await revisionsDuring(key, work)
  expect((await work).errors).toEqual([])
  expect(await read(key)).toMatchObject({ revision: processes * writersEach * times })
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(new Set(seen).size).toBeGreaterThan(5)
})
