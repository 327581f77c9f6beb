import { copyFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerKind } from '../endpoints.ts'
import { withScratch } from '../obtain/cache.ts'
import { obtainKafka } from '../obtain/kafka-jars.ts'
import { say } from '../obtain/run-tool.ts'
import { obtainVersitygw } from '../obtain/versitygw.ts'
import { buildImage } from './build-image.ts'
import { imageOf, type Engine } from './engine.ts'

const dockerfiles = join(import.meta.dirname, '..', '..', 'docker')

/** Adds to a build's context what is made rather than written. */
const addMade: Readonly<Record<ServerKind, (context: string) => Promise<void>>> = {
  kafka: async (context) => {
    const { jars, formatted } = await obtainKafka()
    await cp(jars, join(context, 'libs'), { recursive: true })
    await cp(formatted, join(context, 'formatted'), { recursive: true })
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
      await buildImage(engine, { image: imageOf[kind], context, arguments: { BASE: base } })
      say(`Built ${imageOf[kind]} in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
    }
  })
}
