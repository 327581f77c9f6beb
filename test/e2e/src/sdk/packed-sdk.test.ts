import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const run = promisify(execFile)
const sdkFolder = fileURLToPath(new URL('../../../../packages/sdk', import.meta.url))
const root = join(sdkFolder, '..', '..')

const program = `
import { RapportApiError, RapportClient, type Key, type RecommendationResponse, type Self } from '@rapport/sdk'

const client = new RapportClient({ url: process.env['URL'] ?? '', key: process.env['KEY'] ?? '' })
await client.putItem('p1', { title: 'Bamboo tea tray' })
await client.track({ userId: 'u1', event: 'Product Viewed', properties: { product_id: 'p1' } })
const answer: RecommendationResponse = await client.popular({ count: 3 })
const { id, key } = await client.keys.create({ name: 'web', scopes: ['recommend'] })
const web = new RapportClient({ url: process.env['URL'] ?? '', key })
async function whenKnown(): Promise<Self> {
  try {
    return await web.tenants.self()
  } catch (error) {
    if (error instanceof RapportApiError && error.status === 401) return whenKnown()
    throw error
  }
}
const { scopes } = await whenKnown()
await client.keys.revoke(id)
const revoked: Key | undefined = (await client.keys.list()).find((each) => each.id === id)
let code = 'none'
try {
  await client.recommend({ userId: '', count: 3 })
} catch (error) {
  if (error instanceof RapportApiError) code = error.code
}
console.log(JSON.stringify({ items: answer.items.length, scopes, revoked: revoked?.revokedAt !== undefined, nobody: await client.users.get('x'), code }))
`

test('the packed client installs into an empty project, type-checks there, and calls the platform', async () => {
  await using folder = await temporaryFolder()
  const project = folder.path
  await run('npx', ['-y', 'pnpm@12.21.0', 'pack', '--pack-destination', project], { cwd: sdkFolder })
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'))
  await writeFile(join(project, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }')
  await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: project })

  await writeFile(join(project, 'main.ts'), program)
  const types = join(root, 'node_modules', '@types')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--typeRoots', types]
  await run(join(root, 'node_modules', '.bin', 'tsc'), [...options, '--types', 'node', 'main.ts'], { cwd: project })

  await using data = await temporaryFolder()
  await using platform = await startPlatformProcess({ dataDir: data.path })
  const env = { ...process.env, URL: platform.url, KEY: platform.key }
  const { stdout } = await run(process.execPath, ['main.ts'], { cwd: project, env })
  expect(JSON.parse(stdout)).toEqual({
    items: 1,
    scopes: ['recommend'],
    revoked: true,
    code: expect.stringMatching(/^RPT_/) as string,
  })
}, 180_000)
