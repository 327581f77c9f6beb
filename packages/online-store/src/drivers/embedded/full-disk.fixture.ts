import { setImmediate } from 'node:timers/promises'
import { StoreUnavailableError } from '../../errors.ts'
import { callOf, userOf } from './applier.fixture.ts'
import { openEmbeddedOnlineStore } from './index.ts'
import { silent } from './temporary-folder.fixture.ts'

const outcomes = { applied: 0, sequence: 0, error: '', cause: '', document: '' }

const describeError = (error: unknown): string =>
  error instanceof StoreUnavailableError ? `${error.code} ${error.canRetry}` : String(error)

/** Applies until the store refuses, then shows that the process goes on and still reads. */
await using store = await openEmbeddedOnlineStore({ directory: process.argv[2] ?? '', log: silent })
while (outcomes.error === '' && outcomes.applied < 20_000) {
  try {
    await store.apply(callOf(outcomes.applied, 0))
    outcomes.applied++
  } catch (error) {
    outcomes.error = describeError(error)
    outcomes.cause = error instanceof Error ? String(error.cause) : ''
  }
}
outcomes.document = await store
  .writeDocuments([{ entity: userOf(0), value: 'x'.repeat(8_000_000) }])
  .then(() => 'written', describeError)
// a turn of the loop, in which a rejection that nobody handles would end the process
await setImmediate()
const [state] = await store.read([{ entity: userOf(0), parts: [] }])
outcomes.sequence = state?.sequence ?? 0
process.stdout.write(JSON.stringify(outcomes))
