import { copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brokerProperties } from '../kafka/properties.ts'
import type { ServerKind } from '../native.ts'
import { withScratch } from '../obtain/cache.ts'
import { obtainKafka } from '../obtain/kafka-jars.ts'
import { say } from '../obtain/run-tool.ts'
import { obtainVersitygw } from '../obtain/versitygw.ts'
import { imageOf, type Engine } from './engine.ts'
import { finished } from './progress.ts'

const dockerfiles = join(import.meta.dirname, '..', '..', 'docker')

/** Adds to a build's context what is made rather than written. */
const addMade: Readonly<Record<ServerKind, (context: string) => Promise<void>>> = {
  kafka: async (context) => {
    const { jars } = await obtainKafka()
    await cp(jars, join(context, 'libs'), { recursive: true })
    await writeFile(join(context, 'server.properties'), containerProperties())
  },
  redis: async () => undefined,
  s3: async (context) => copyFile(await obtainVersitygw(), join(context, 'versitygw')),
}

/** Builds the three images upon a Debian image `base` that the engine has. */
export async function buildImages(engine: Engine, base: string): Promise<void> {
  await withScratch(async (scratch) => {
    for (const kind of ['kafka', 'redis', 's3'] as const) {
      const started = performance.now()
      const context = join(scratch, kind)
      await mkdir(context)
      await cp(join(dockerfiles, kind), context, { recursive: true })
      await addMade[kind](context)
      await build(engine, { image: imageOf[kind], context, base })
      say(`Built ${imageOf[kind]} in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
    }
  })
}

interface Build {
  readonly image: string
  readonly context: string
  readonly base: string
}

/** The engine's own builder, spoken to without a command line; a failed step's output is in the error. */
async function build(engine: Engine, { image, context, base }: Build): Promise<void> {
  const stream = await engine.container.dockerode.buildImage(
    { context, src: await readdir(context) },
    { t: image, buildargs: { BASE: base } },
  )
  await finished(engine, `Building ${image}`, stream)
}

/** As on the machine itself, but for where it listens; start.sh fills in port and name. */
function containerProperties(): string {
  return brokerProperties(0, [{ clients: 9092, controller: 9093 }], {
    listeners: 'PLAINTEXT://0.0.0.0:@PORT@,INTERNAL://0.0.0.0:9094,CONTROLLER://127.0.0.1:9093',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:@PORT@,INTERNAL://@HOST@:9094',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': '/var/lib/kafka',
  })
}
