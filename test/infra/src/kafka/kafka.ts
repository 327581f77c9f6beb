import { cp, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clusterId, obtainKafka, type KafkaFiles } from '../obtain/kafka-jars.ts'
import { freePorts } from '../process/free-ports.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, ServerProcess } from '../process/server-process.ts'
import { startAll } from '../process/start-all.ts'
import { brokerProperties, type BrokerPorts } from './properties.ts'

export interface KafkaOptions {
  /** Lines of server.properties that replace or join the usual ones. */
  readonly properties?: Readonly<Record<string, string>>
}

export interface KafkaClusterOptions extends KafkaOptions {
  /** With three or more, topics have three replicas of which two must be in sync, unless created otherwise. */
  readonly brokers: number
}

/** One broker, which is its own controller. */
export interface Kafka extends AsyncDisposable {
  /** `host:port`, for a client's list of brokers. */
  readonly brokers: readonly string[]
  readonly server: ServerProcess
}

export interface KafkaCluster extends AsyncDisposable {
  /** `host:port` of each broker, by its index. */
  readonly brokers: readonly string[]
  /** The brokers' processes by the same index; the node id of Kafka is one more. */
  readonly servers: readonly ServerProcess[]
}

/** Starts one broker in a folder of its own. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const cluster = await startKafkaCluster({ ...options, brokers: 1 })
  const server = cluster.servers[0]
  if (server === undefined) throw new Error('A cluster of one broker has no broker.')
  return { brokers: cluster.brokers, server, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() }
}

/** Starts brokers that form one cluster, every one of them broker and controller; ready when each serves. */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  const files = await obtainKafka()
  return onFreePorts(async () => {
    const numbers = await freePorts(options.brokers * 2)
    const ports = Array.from({ length: options.brokers }, (_, i) => ({
      clients: numbers[2 * i] ?? 0,
      controller: numbers[2 * i + 1] ?? 0,
    }))
    const brokers = await startAll(
      ports.map((_, index) => async () => {
        const folder = await serverFolder('kafka')
        return startBroker({ files, index, ports, folder, ownsFolder: true, properties: options.properties ?? {} })
      }),
    )
    return {
      brokers: ports.map(({ clients }) => `127.0.0.1:${clients}`),
      servers: brokers.started,
      [Symbol.asyncDispose]: () => brokers[Symbol.asyncDispose](),
    }
  })
}

export interface BrokerStart {
  readonly files: KafkaFiles
  readonly index: number
  readonly ports: readonly BrokerPorts[]
  readonly folder: string
  readonly ownsFolder: boolean
  readonly properties: Readonly<Record<string, string>>
}

/** Starts one broker of a cluster whose ports are known. */
export async function startBroker(start: BrokerStart): Promise<ServerProcess> {
  const { files, index, ports, folder, ownsFolder, properties } = start
  await writeFile(join(folder, 'server.properties'), brokerProperties(index, ports, properties))
  await formatData(files, index, join(folder, 'data'))
  return ServerProcess.start({
    name: `Kafka broker ${index}`,
    command: 'java',
    args: [
      '-Xms64m',
      '-Xmx256m',
      '-XX:+UseSerialGC',
      // The first compiler alone starts in half the time.
      '-XX:TieredStopAtLevel=1',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      '-cp',
      join(files.jars, '*'),
      'kafka.Kafka',
      'server.properties',
    ],
    folder,
    ownsFolder,
    // Its port opens a little before the controller counts the broker in; this line comes after.
    isReady: (log) => log.includes('Kafka Server started'),
    startTimeoutMs: 90_000,
  })
}

/** What `kafka.tools.StorageTool format` writes, without the second that it takes. */
async function formatData(files: KafkaFiles, index: number, data: string): Promise<void> {
  await cp(files.formatted, data, { recursive: true })
  const directoryId = randomBytes(16).toString('base64url')
  await writeFile(
    join(data, 'meta.properties'),
    `version=1\ncluster.id=${clusterId}\nnode.id=${index + 1}\ndirectory.id=${directoryId}\n`,
  )
}
