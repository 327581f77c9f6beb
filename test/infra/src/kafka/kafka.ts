import { cp, mkdir, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clusterId, obtainKafka, type KafkaFiles } from '../obtain/kafka-jars.ts'
import { freePorts } from '../process/free-ports.ts'
import { serverFolder } from '../process/server-folder.ts'
import { onFreePorts, ServerProcess } from '../process/server-process.ts'
import { startAll } from '../process/start-all.ts'
import { chooseRoad, imageOn, type Placement, type Road } from '../road.ts'
import { brokerProperties, type BrokerPorts } from './properties.ts'

export interface KafkaOptions extends Placement {
  /** Lines of server.properties that replace or join the usual ones. */
  readonly properties?: Readonly<Record<string, string>>
}

export interface KafkaClusterOptions extends Omit<KafkaOptions, 'folder'> {
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
  const cluster = await startBrokers({ ...options, brokers: 1 })
  const server = cluster.servers[0]
  if (server === undefined) throw new Error('A cluster of one broker has no broker.')
  return { brokers: cluster.brokers, server, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() }
}

/** Starts brokers that form one cluster, every one of them broker and controller; ready when each serves. */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  return startBrokers(options)
}

async function startBrokers(options: KafkaClusterOptions & Placement): Promise<KafkaCluster> {
  const road = options.road ?? (await chooseRoad(process.env, ['kafka']))
  const files = road.kind === 'native' ? await obtainKafka() : filesOfImage
  return onFreePorts(async () => {
    const numbers = await freePorts(options.brokers * 2)
    const ports = Array.from({ length: options.brokers }, (_, i) => ({
      clients: numbers[2 * i] ?? 0,
      controller: numbers[2 * i + 1] ?? 0,
    }))
    const brokers = await startAll(
      ports.map((_, index) => async () => {
        const folder = await serverFolder('kafka', options.folder)
        return startBroker({ ...options, road, files, index, ports, folder })
      }),
    )
    return {
      brokers: ports.map(({ clients }) => `127.0.0.1:${clients}`),
      servers: brokers.started,
      [Symbol.asyncDispose]: () => brokers[Symbol.asyncDispose](),
    }
  })
}

/** Where docker/kafka/Dockerfile puts them. */
const filesOfImage: KafkaFiles = { jars: '/opt/kafka/libs', formatted: '/opt/kafka/formatted' }
/** The part of a formatted log folder that all brokers have in common. */
const metadataLog = '__cluster_metadata-0'

interface BrokerStart extends KafkaOptions {
  readonly road: Road
  readonly files: KafkaFiles
  readonly index: number
  readonly ports: readonly BrokerPorts[]
  readonly folder: string
}

/** Starts one broker of a cluster whose ports are known. */
async function startBroker(start: BrokerStart): Promise<ServerProcess> {
  const { road, files, index, ports, folder, outlivesUs = false, properties = {} } = start
  await writeFile(join(folder, 'server.properties'), brokerProperties(index, ports, properties))
  await formatData(start)
  const java = [
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
  ]
  const command = [
    `[ -e data/${metadataLog} ] || cp -r ${files.formatted}/${metadataLog} data; exec java "$@"`,
    'java',
    ...java,
  ]
  return ServerProcess.start({
    name: `Kafka broker ${index}`,
    image: imageOn(road, 'kafka'),
    ...(road.kind === 'native' ? { command: 'java', args: java } : { command: 'sh', args: ['-c', ...command] }),
    folder,
    ownsFolder: true,
    outlivesUs,
    // Its port opens a little before the controller counts the broker in; this line comes after.
    isReady: (log) => log.includes('Kafka Server started'),
    startTimeoutMs: 90_000,
  })
}

/** What `kafka.tools.StorageTool format` writes, without the second that it takes; a container copies its own part. */
async function formatData({ road, files, index, folder }: BrokerStart): Promise<void> {
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  if (road.kind === 'native') await cp(join(files.formatted, metadataLog), join(data, metadataLog), { recursive: true })
  const directoryId = randomBytes(16).toString('base64url')
  await writeFile(
    join(data, 'meta.properties'),
    `version=1\ncluster.id=${clusterId}\nnode.id=${index + 1}\ndirectory.id=${directoryId}\n`,
  )
}
