import { startFaultProxy, type Fault, type FaultProxy } from '@rapport/object-store/fault-proxy'
import { RapportClient } from '@rapport/sdk'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { publishGivenModel } from './harness/given-models.ts'
import { startInstallation, type Installation } from './harness/installation.ts'

const owned = new AsyncDisposableStack()
let installation: Installation
let proxy: FaultProxy
/** The two processes of the recommendation service, each by its own address. */
let processes: readonly RapportClient[]
let versions: readonly [string, string]

/** Longer than any test: what comes within seconds has come by broadcast. */
const never = '3600'
const items = 20
const within = { timeout: 10_000, interval: 50 }

beforeAll(async () => {
  const env = { RAPPORT_KEY_POLL_SECONDS: never, RAPPORT_RECOMMENDATION_MODEL_POLL_SECONDS: never }
  const s3Proxy = async (endpoint: string): Promise<FaultProxy> => (proxy = await startFaultProxy(endpoint))
  installation = owned.use(await startInstallation({ env, s3Proxy, processes: { recommendation: 2 } }))
  processes = clientsOf(installation.key)
  const { client } = installation
  await client.putItems(
    Array.from({ length: items }, (_, number) => ({ id: `item-${number}`, title: `Item ${number}` })),
  )
  await using drivers = await installation.connect()
  versions = [await publishGivenModel(drivers.objectStore, items), await publishGivenModel(drivers.objectStore, items)]
  await client.models.promote('recommender', versions[1])
  // Before a model is in use its alias is read whenever it is asked for.
  const inUse = async (process: RapportClient): Promise<void> => {
    const { model } = await recommendBy(process)
    if (model !== versions[1]) throw new Error(`${model} is in use, not ${versions[1]}`)
  }
  await everywhere(inUse)
}, 400_000)
afterAll(() => owned.disposeAsync())

const clientsOf = (key: string): RapportClient[] =>
  installation.processes.recommendation.map(({ url }) => new RapportClient({ url, key, retries: 0 }))
const recommendBy = (process: RapportClient, count = 5) => process.recommend({ userId: 'user-1', count })

/** For every process, all at once: none of them is early because it is asked first. */
const everywhere = (check: (process: RapportClient) => Promise<void>, all = processes): Promise<unknown> =>
  Promise.all(all.map((process) => vi.waitFor(() => check(process), within)))

it('a promotion reaches every process by broadcast, there and back', { timeout: 60_000 }, async () => {
  expect(processes).toHaveLength(2)
  const [older, newer] = versions
  for (const version of [older, newer, older]) {
    await installation.client.models.promote('recommender', version)
    await everywhere(async (process) => expect((await recommendBy(process)).model).toBe(version))
  }
})

it('a new key and its revocation reach every process by broadcast', { timeout: 60_000 }, async () => {
  const { client } = installation
  // A key that is not known makes a process read the records; with their list kept from it, only the broadcast is left.
  const isList = /^\/rapport\/?\?.*prefix=access/
  const refusal: Fault = { kind: 'answer', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' }
  const { length: before } = proxy.happened
  proxy.fault = ({ method, url = '' }) => (method === 'GET' && isList.test(url) ? refusal : undefined)
  for (const stranger of clientsOf(`rpt_${'x'.repeat(43)}`))
    await expect(recommendBy(stranger)).rejects.toMatchObject({ status: 401 })
  expect(proxy.happened.length, 'each has asked for the list and was refused').toBe(before + 2)
  const { id, key } = await client.keys.create({ name: 'visitor', scopes: ['recommend'] })
  const withKey = clientsOf(key)
  await everywhere(async (process) => void (await recommendBy(process)), withKey)
  await client.keys.revoke(id)
  await everywhere(async (process) => expect(recommendBy(process)).rejects.toMatchObject({ status: 401 }), withKey)
  proxy.fault = () => undefined
})

it('a change of the catalogue reaches every process by broadcast', { timeout: 60_000 }, async () => {
  const shown = async (process: RapportClient): Promise<string[]> =>
    (await recommendBy(process, 50)).items.map(({ id }) => id)
  const [withdrawn = ''] = await shown(processes[0] as RapportClient)
  await everywhere(async (process) => expect(await shown(process)).toContain(withdrawn))
  await installation.client.deleteItem(withdrawn)
  await everywhere(async (process) => expect(await shown(process)).not.toContain(withdrawn))
  await installation.client.putItem(withdrawn, { title: 'Here again' })
  await everywhere(async (process) => expect(await shown(process)).toContain(withdrawn))
})
