import type { Document, DocumentOutcome, DocumentWrite, EntityRef, JsonValue } from '../../online-store.ts'
import type { CommandRunner, StoreCommand } from './command-runner.ts'
import { documentKey } from './layout.ts'
import { writeDocumentScript } from './scripts.ts'

const MAX_DOCUMENTS_OF_WINDOW = 1000

export async function readDocuments(
  runner: CommandRunner,
  entities: readonly EntityRef[],
): Promise<(Document | undefined)[]> {
  const documents: (Document | undefined)[] = []
  for (let start = 0; start < entities.length; start += MAX_DOCUMENTS_OF_WINDOW) {
    const commands = entities
      .slice(start, start + MAX_DOCUMENTS_OF_WINDOW)
      .map((entity): StoreCommand => ({ run: 'hmget', keys: [documentKey(entity)], args: ['version', 'value'] }))
    for (const reply of await runner.run('read documents', commands)) {
      const [version, value] = reply as readonly (string | null)[]
      const isThere = typeof version === 'string' && typeof value === 'string'
      documents.push(isThere ? { version: Number(version), value: JSON.parse(value) as JsonValue } : undefined)
    }
  }
  return documents
}

/** Writes of which no two are of one document: those must go one after another. */
function* toWindows(writes: readonly DocumentWrite[]): Generator<readonly StoreCommand[]> {
  let window: StoreCommand[] = []
  let keys = new Set<string>()
  for (const { entity, value, ifVersion } of writes) {
    const key = documentKey(entity)
    if (keys.has(key) || window.length >= MAX_DOCUMENTS_OF_WINDOW) {
      yield window
      window = []
      keys = new Set()
    }
    keys.add(key)
    window.push({ run: writeDocumentScript, keys: [key], args: [JSON.stringify(value), ifVersion ?? ''] })
  }
  if (window.length > 0) yield window
}

/** Compares and sets each document by itself; a refused one does not stop the others. */
export async function writeDocuments(
  runner: CommandRunner,
  writes: readonly DocumentWrite[],
): Promise<DocumentOutcome[]> {
  const outcomes: DocumentOutcome[] = []
  for (const window of toWindows(writes))
    for (const reply of await runner.run('write documents', window, { durable: true })) {
      const [written, version] = reply as readonly number[]
      outcomes.push({ written: written === 1, version: version ?? 0 })
    }
  return outcomes
}
