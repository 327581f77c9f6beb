import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Self } from '@rapport/contracts'
import { RapportClient } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import type { PlatformProcess } from '../support/platform-process.ts'
import { startPlatformProcess, temporaryFolder } from '../support/platform-process.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../../../../services/all-in-one/src/cli/main.ts', import.meta.url))
const minute = { timeout: 60_000, interval: 100 }

/** Command lines of the processes that the platform has started and that run. */
async function children({ child }: PlatformProcess): Promise<string> {
  const { stdout } = await run('ps', ['-eo', 'ppid=,args='])
  return stdout
    .split('\n')
    .filter((line) => line.trim().startsWith(`${child.pid} `))
    .join('\n')
}
const says = ({ lines }: PlatformProcess, text: string): boolean => lines.some((line) => line.includes(text))

test('rapport demo remove closes the shop without noise, for good', { timeout: 240_000 }, async () => {
  await using folder = await temporaryFolder()
  const dataDir = folder.path
  const keyPath = join(dataDir, 'shop-key')
  const removeDemo = ({ url }: PlatformProcess): Promise<{ stdout: string; stderr: string }> =>
    run(process.execPath, [cli, 'demo', 'remove'], {
      env: { ...process.env, RAPPORT_URL: url, RAPPORT_DATA_DIR: dataDir },
    })
  let oldKey = ''
  {
    await using platform = await startPlatformProcess({ dataDir, args: [] })
    await vi.waitFor(() => expect(says(platform, 'The shop has sent')).toBe(true), minute)
    oldKey = (await readFile(keyPath, 'utf8')).trim()
    const shop = new RapportClient({ url: platform.url, key: oldKey })
    const { scopes } = await shop.http.json<Self>({ method: 'GET', path: '/v1/tenants/self' })
    expect(scopes).toContain('models:admin')
    expect(scopes).not.toContain('ops:admin')
    expect(scopes).not.toContain('keys:admin')
    expect(await children(platform)).toContain('demo-shop')

    expect((await removeDemo(platform)).stdout).toContain('demo-shop is removed')
    await expect(stat(keyPath)).rejects.toThrow('ENOENT')
    await vi.waitFor(async () => expect(await children(platform)).not.toContain('demo-shop'), minute)
    await expect(removeDemo(platform)).rejects.toMatchObject({ code: 1, stderr: 'rapport: there is no demo shop\n' })
    expect(platform.errors()).toBe('')
    expect(platform.lines.filter((line) => /could not|RPT_|Error|401/.test(line))).toEqual([])
    platform.child.kill('SIGTERM')
    expect(await once(platform.child, 'exit')).toEqual([0, null])
  }
  // As where the shop was removed from another machine.
  await writeFile(keyPath, `${oldKey}\n`, { mode: 0o600 })
  await using again = await startPlatformProcess({ dataDir, args: [] })
  await vi.waitFor(async () => expect(stat(keyPath)).rejects.toThrow('ENOENT'), minute)
  const answer = await again.client.http.json<{ tenants: { tenant: string }[] }>({ method: 'GET', path: '/v1/tenants' })
  expect(answer.tenants.map(({ tenant }) => tenant)).toEqual(['main'])
  expect(says(again, 'A small shop')).toBe(false)
  expect(await children(again)).not.toContain('demo-shop')
})
