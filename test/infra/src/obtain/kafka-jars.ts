import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, isCached, withScratch } from './cache.ts'
import { assertNone, type MissingPiece } from './missing-pieces.ts'
import { askTool, runTool, say } from './run-tool.ts'

export const kafkaVersion = '4.4.0'
const entry = `kafka-${kafkaVersion}`
/** Any base64url UUID: every broker of every test carries the same one. */
export const clusterId = 'cmFwcG9ydC10ZXN0LTAwMQ'

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** What a broker is run from. */
export interface KafkaFiles {
  /** Folder of jars. */
  readonly jars: string
  /** A freshly formatted log folder, the same for every broker but for `meta.properties`. */
  readonly formatted: string
}

/** What is missing for Kafka on this machine: Java always, Maven only until the jars are there. */
export async function missingForKafka(): Promise<MissingPiece[]> {
  const neededFor = `Kafka ${kafkaVersion}`
  const java = /version "(\d+)/.exec((await askTool('java', ['-version'])) ?? '')?.[1]
  const missing: MissingPiece[] = []
  if (java === undefined || Number(java) < 17)
    missing.push({
      name: 'Java 17 or newer',
      neededFor,
      howToGet:
        'apt-get install openjdk-17-jre-headless, or https://adoptium.net; or name a broker in RAPPORT_KAFKA_BROKERS',
    })
  if (!isCached(entry) && (await askTool('mvn', ['--version'])) === undefined)
    missing.push({
      name: 'Maven 3.6 or newer',
      neededFor: `${neededFor} (its jars, once)`,
      howToGet: 'apt-get install maven, or https://maven.apache.org; or name a broker in RAPPORT_KAFKA_BROKERS',
    })
  return missing
}

/** Kafka's jars from Maven Central, once. */
export async function obtainKafka(): Promise<KafkaFiles> {
  assertNone(await missingForKafka())
  const folder = await cached(entry, async (folder) => {
    say(`Fetching Kafka ${kafkaVersion} from Maven Central (once, about 10 seconds)…`)
    await withScratch(async (scratch) => {
      await fetchJars(scratch, join(folder, 'jars'))
      await format(scratch, join(folder, 'jars'))
      await cp(join(scratch, 'log'), join(folder, 'formatted'), { recursive: true })
    })
  })
  return { jars: join(folder, 'jars'), formatted: join(folder, 'formatted') }
}

async function fetchJars(scratch: string, jars: string): Promise<void> {
  await writeFile(join(scratch, 'pom.xml'), pom)
  await runTool(
    'mvn',
    [
      '-q',
      '-B',
      '-ntp',
      `-Dmaven.repo.local=${join(scratch, 'repository')}`,
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${jars}`,
    ],
    { cwd: scratch },
  )
}

/** Formats the folder `log`: a second of Java that no later start has to spend. */
async function format(scratch: string, jars: string): Promise<void> {
  const log = join(scratch, 'log')
  await mkdir(log)
  const properties = join(scratch, 'server.properties')
  await writeFile(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:9093',
      'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'controller.listener.names=CONTROLLER',
      `log.dirs=${log}`,
    ].join('\n'),
  )
  await runTool('java', [
    '-cp',
    join(jars, '*'),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    properties,
  ])
}
