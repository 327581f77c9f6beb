import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  buildImage,
  buildImages,
  connectEngine,
  hasImage,
  imageOf,
  missingImages,
  obtainBaseImage,
  runTool,
  startOwnEngine,
  type Engine,
} from '@rapport/infra'
import { buildServices, readSource, type ImageName } from '@rapport/test-images/build-service'
import { nameOf, readReferences } from '@rapport/test-images/base-references'
import { obtainNodeBases } from '@rapport/test-images/node-bases'
import manifest from '../../../../package.json' with { type: 'json' }

export const pauseImage = 'rapport/pause:bookworm'
const version = manifest.version
const services: readonly ImageName[] = [
  'ingestion',
  'feature',
  'recommendation',
  'text-classification',
  'sentiment',
  'gateway',
  'all-in-one',
]

/** Writes the images of the overlay into an archive: those that the container engine has, and those that it lacks are built. */
export async function archiveImages(root: string, archive: string): Promise<void> {
  await using stack = new AsyncDisposableStack()
  if ((await connectEngine(process.env)) === undefined)
    process.env['DOCKER_HOST'] = stack.use(await startOwnEngine()).host
  const engine = await connectEngine(process.env)
  if (engine === undefined) throw new Error('The container engine does not answer.')
  await buildAbsent(engine, root)
  const names = [...services.map((name) => `rapport/${name}:${version}`), imageOf.redis, imageOf.s3, pauseImage]
  await runTool('docker', ['save', '-o', archive, ...names])
}

async function buildAbsent(engine: Engine, root: string): Promise<void> {
  if ((await missingImages(engine, ['redis', 's3'])).length > 0)
    await buildImages(engine, await obtainBaseImage(engine))
  if (!(await hasImage(engine, pauseImage))) await buildPause(engine)
  const [wanted] = await readReferences(root)
  if (wanted === undefined) throw new Error('docker/Dockerfile names no base image.')
  const there = await Promise.all(services.map((service) => hasImage(engine, `rapport/${service}:${version}`)))
  const absent = services.filter((_, index) => there[index] !== true)
  if (absent.length === 0) return
  const bases = await obtainNodeBases(engine, nameOf(wanted))
  await buildServices(engine, { services: absent, bases, tag: version, source: await readSource(version) })
}

/** What holds a pod's network while its containers come and go. */
async function buildPause(engine: Engine): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'rapport-pause-'))
  const lines = ['ARG BASE', 'FROM ${BASE}', 'USER 10001:10001', 'ENTRYPOINT ["sleep", "infinity"]', '']
  await writeFile(join(folder.path, 'Dockerfile'), lines.join('\n'))
  const base = await obtainBaseImage(engine)
  await buildImage(engine, { image: pauseImage, context: folder.path, arguments: { BASE: base } })
}
