/** A writer in a process or thread of its own, for the tests: `test-writer.ts DIRECTORY race NAME | hang KEY | lock KEY`. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { reservedComponent } from '../../keys.ts'
import type { ObjectStore } from '../../object-store.ts'
import { KeyLocks } from './key-lock.ts'
import { openFilesystemObjectStore } from './open-filesystem-object-store.ts'
import { newOwnerToken } from './owner-token.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Tries to be first at 40 keys and adds 40 to the counter; prints the keys it has won. */
async function race(store: ObjectStore, name: string): Promise<void> {
  const won: number[] = []
  for (let round = 0; round < 40; round += 1) {
    if ((await store.put(`rounds/${round}`, text(name), { ifAbsent: true })).stored) won.push(round)
    for (let done = false; !done;) {
      const current = await store.get('counter')
      if (current === undefined) throw new Error('no counter')
      const next = text(String(Number(new TextDecoder().decode(current.body)) + 1))
      done = (await store.put('counter', next, { ifMatch: current.object.etag })).stored
    }
  }
  process.stdout.write(`${won.length === 0 ? '-1' : won.join(',')}\n`)
}

const forever = (): Promise<never> => new Promise(() => setInterval(() => undefined, 60_000))

async function* neverEnding(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1_000_000)
  process.stdout.write('half way\n')
  await forever()
}

async function holdLock(directory: string, key: string): Promise<void> {
  const folder = join(directory, reservedComponent, 'locks')
  await mkdir(folder, { recursive: true })
  await new KeyLocks(folder, newOwnerToken()).withLock(key, async () => {
    process.stdout.write('locked\n')
    await forever()
  })
}

const [directory, action, name] = process.argv.slice(2)
if (directory === undefined || name === undefined) throw new Error('usage: DIRECTORY race|hang|lock NAME')
const store = await openFilesystemObjectStore({ directory })
if (action === 'race') await race(store, name)
else if (action === 'hang') await store.put(name, neverEnding())
else if (action === 'lock') await holdLock(directory, name)
else throw new Error(`unknown action ${action}`)
