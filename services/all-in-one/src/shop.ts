import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RapportApiError, RapportClient } from '@rapport/sdk'
import { readKey } from './key-file.ts'
import type { Platform } from './platform.ts'

export const shopTenant = 'demo-shop'
export const shopKeyPath = (dataDir: string): string => join(dataDir, 'shop-key')

const shopMain = fileURLToPath(import.meta.resolve('@rapport/demo-shop/main'))

/**
 * Starts the demo shop as a process of its own that speaks REST with a key of its own tenant: when the data folder is
 * new, or when the shop was there before. Undefined when there is none. The process ends by itself when the tenant is
 * removed; disposing of it stops it.
 */
export async function startShop(
  platform: Platform,
  { dataDir, print }: { dataDir: string; print: (line: string) => void },
): Promise<AsyncDisposable | undefined> {
  const keyPath = shopKeyPath(dataDir)
  if (!platform.isNew && !(await wasThere(platform, keyPath))) return undefined
  await platform.ensureTenant(shopTenant, keyPath)
  const key = await readKey(keyPath)
  if (key === undefined) throw new Error(`${keyPath} has gone`)
  print(`A small shop runs next to it, in the tenant ${shopTenant} (--no-shop leaves it out).`)
  const child = spawn(process.execPath, [shopMain], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, RAPPORT_URL: platform.url, RAPPORT_KEY: key },
  })
  const ended = once(child, 'exit')
  const stopping = new AbortController()
  const announced = announceModel({ url: platform.url, key, keyPath, print, signal: stopping.signal })
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      child.kill('SIGTERM')
      await Promise.all([ended, announced])
    },
  }
}

/** A removed shop stays away, also when its key file was left behind (it was removed over REST, from another machine). */
async function wasThere(platform: Platform, keyPath: string): Promise<boolean> {
  if ((await readKey(keyPath)) === undefined) return false
  if (await platform.hasTenant(shopTenant)) return true
  await rm(keyPath, { force: true })
  return false
}

interface Announcement {
  readonly url: string
  readonly key: string
  readonly keyPath: string
  readonly print: (line: string) => void
  readonly signal: AbortSignal
}

/** Prints three calls to paste as soon as the shop has a model that was trained on its own events. */
async function announceModel({ url, key, keyPath, print, signal }: Announcement): Promise<void> {
  const client = new RapportClient({ url, key, retries: 0 })
  print('Its first recommender is being trained; three calls to try follow when it is there.')
  while (!signal.aborted) {
    const answer = await client
      .recommend({ userId: 'visitor-1', count: 1 }, { signal })
      .catch((error: unknown) => (isKeyStopped(error) ? 'closed' : undefined))
    if (answer === 'closed') return
    if (answer !== undefined && answer.model !== null) {
      print(calls(url, keyPath, answer.items[0]?.id ?? 'p0001'))
      return
    }
    await setTimeout(1000, undefined, { signal }).catch(() => undefined)
  }
}

/** The tenant was removed meanwhile. */
const isKeyStopped = (error: unknown): boolean => error instanceof RapportApiError && error.status === 401

/** The key is read from its file, so that it stands neither on the screen nor in the shell's history. */
function calls(url: string, keyPath: string, bestItemId: string): string {
  const post = (path: string, body: object): string =>
    `  curl -s ${url}${path} -H "X-Api-Key: $(cat '${keyPath}')" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`
  const event = { userId: 'visitor-1', event: 'Product Added', properties: { product_id: bestItemId } }
  return `
The recommender is trained. What a visitor gets:
${post('/v1/recommendations', { userId: 'visitor-1', count: 3 })}

The same with a reason for each:
${post('/v1/recommendations', { userId: 'visitor-1', count: 3, explain: true })}

One more event (the first of these goes into the cart), and a second later what it has changed:
${post('/v1/track', event)} && sleep 1 && \\
${post('/v1/recommendations', { userId: 'visitor-1', count: 3, explain: true })}
`
}
