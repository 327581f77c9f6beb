import { topics } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import { join } from 'node:path'
import type { Logger } from 'pino'

export interface DriverOptions {
  /** Folder of the embedded stores; made when absent. */
  readonly dataDir: string
  readonly log: Logger
}

export interface Drivers extends AsyncDisposable {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
}

/** Where the object store of an embedded installation lies. */
export const objectFolder = (dataDir: string): string => join(dataDir, 'objects')

/** Opens the stores. Drivers are loaded only when they are wanted. Each thread of a process opens its own. */
export async function connectDrivers({ dataDir, log }: DriverOptions): Promise<Drivers> {
  await using stack = new AsyncDisposableStack()
  const [{ openEmbeddedEventLog }, { openEmbeddedOnlineStore }] = await Promise.all([
    import('@rapport/messaging/embedded'),
    import('@rapport/online-store/embedded'),
  ])
  const objectStore = stack.use(await connectObjectStore({ dataDir, log }))
  const onlineStore = stack.use(await openEmbeddedOnlineStore({ directory: join(dataDir, 'state'), log }))
  const directory = join(dataDir, 'log')
  const eventLog = stack.use(await openEmbeddedEventLog({ directory, topics: Object.values(topics), log }))
  const owned = stack.move()
  return { eventLog, onlineStore, objectStore, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The object store alone: all that a training job needs. */
export async function connectObjectStore({ dataDir, log }: DriverOptions): Promise<ObjectStore> {
  const { openFilesystemObjectStore } = await import('@rapport/object-store/filesystem')
  return openFilesystemObjectStore({ directory: objectFolder(dataDir), log })
}
