import { connectObjectStore } from './connect-drivers.ts'
import { readConfig } from '../config/read-config.ts'
import { createLogger } from '../logger.ts'
import { ObjectStoreOnlySchema } from './store-config.ts'

// A process of the tests whose writers, over two connections, write to an alias when they are told to.
export interface Race {
  readonly key: string
  readonly revision: number
  /** Etag that must stand; when absent nothing may stand. */
  readonly ifMatch?: string
}
/** Every writer raises the revision so often, by compare-and-set. */
export interface Count {
  readonly key: string
  readonly times: number
}
export interface Written {
  readonly winners: readonly { readonly writer: string; readonly etag: string }[]
  readonly errors: readonly string[]
}
export interface Alias {
  readonly revision: number
  readonly writer: string
}

const config = readConfig(ObjectStoreOnlySchema, process.env)
const log = createLogger('writers', { level: 'silent' })
const connections = [await connectObjectStore(config, log), await connectObjectStore(config, log)]
const writers = connections.flatMap(({ objectStore }, connection) =>
  [1, 2, 3].map((number) => ({ objectStore, name: `${process.pid}/${connection}/${number}` })),
)
type Writer = (typeof writers)[number]

const toBody = (alias: Alias): Uint8Array => Buffer.from(JSON.stringify(alias))

async function write({ objectStore, name }: Writer, { key, revision, ifMatch }: Race): Promise<Written['winners']> {
  const condition = ifMatch === undefined ? { ifAbsent: true } : { ifMatch }
  const outcome = await objectStore.put(key, toBody({ revision, writer: name }), condition)
  return outcome.stored ? [{ writer: name, etag: outcome.etag }] : []
}

async function count(writer: Writer, { key, times }: Count): Promise<Written['winners']> {
  for (let done = 0; done < times;) {
    const found = await writer.objectStore.get(key)
    const revision = found === undefined ? 0 : (JSON.parse(Buffer.from(found.body).toString()) as Alias).revision
    const winners = await write(writer, {
      key,
      revision: revision + 1,
      ...(found === undefined ? {} : { ifMatch: found.object.etag }),
    })
    done += winners.length
  }
  return []
}

async function obey(order: Race | Count): Promise<Written> {
  const work = (writer: Writer): Promise<Written['winners']> =>
    'times' in order ? count(writer, order) : write(writer, order)
  const outcomes = await Promise.allSettled(writers.map(work))
  return {
    winners: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])),
    errors: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
  }
}

process.on('message', (order: Race | Count) => {
  void obey(order).then((written) => process.send?.(written))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
