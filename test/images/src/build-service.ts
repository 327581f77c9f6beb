import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { buildImage, runTool, type Engine } from '@rapport/infra'
import type { NodeBases } from './node-bases.ts'

/** The workspace. */
export const workspace = join(import.meta.dirname, '..', '..', '..')

/** What images are made of: the services, the training process, and the `rapport` command with all of them. */
export const imageNames = [
  'ingestion',
  'feature',
  'recommendation',
  'text-classification',
  'sentiment',
  'control',
  'gateway',
  'training',
  'all-in-one',
] as const
export type ImageName = (typeof imageNames)[number]

export interface ServiceBuilds<Name extends ImageName> {
  readonly services: readonly Name[]
  readonly bases: NodeBases
  /** After the colon of their names. */
  readonly tag: string
  /** What their labels say of the source. */
  readonly source: Source
}

export interface BuiltImage {
  readonly image: string
  /** Of all its layers, unpacked. */
  readonly bytes: number
  /** Of these, those above the base. */
  readonly addedBytes: number
}

/** Builds images of services: `rapport/<service>:<tag>`. What they have in common is done once, by the first. */
export async function buildServices<Name extends ImageName>(
  engine: Engine,
  builds: ServiceBuilds<Name>,
): Promise<Readonly<Record<Name, BuiltImage>>> {
  const files = await contextFiles(workspace)
  const [first, ...others] = builds.services.map(
    (service) => async () => [service, await buildService(engine, { ...builds, service, files })] as const,
  )
  if (first === undefined) throw new RangeError('there is nothing to build')
  const built = [await first(), ...(await Promise.all(others.map((build) => build())))]
  return Object.fromEntries(built) as Record<Name, BuiltImage>
}

interface ServiceBuild extends ServiceBuilds<ImageName> {
  readonly service: ImageName
  readonly files: readonly string[]
}

async function buildService(engine: Engine, build: ServiceBuild): Promise<BuiltImage> {
  const { service, services, bases, tag, source, files } = build
  const image = `rapport/${service}:${tag}`
  await buildImage(engine, {
    image,
    context: workspace,
    files,
    dockerfile: 'docker/Dockerfile',
    arguments: {
      BASE: bases.base,
      BUILD_BASE: bases.buildBase,
      SERVICE: service,
      SERVICES: services.join(' '),
      VERSION: source.version,
      REVISION: source.revision,
      CREATED: source.created,
    },
  })
  const bytes = await sizeOf(engine, image)
  return { image, bytes, addedBytes: bytes - (await sizeOf(engine, bases.base)) }
}

async function sizeOf(engine: Engine, image: string): Promise<number> {
  return (await engine.container.dockerode.getImage(image).inspect()).Size
}

/** Every file of the workspace that .dockerignore may let through; the library sends folders whole. */
async function contextFiles(root: string): Promise<string[]> {
  const files: string[] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== '.git') folders.push(path)
      else if (entry.isFile()) files.push(relative(root, path))
    }
  }
  return files.sort()
}

/** Where an image's sources come from, in the terms of the OCI's labels. */
export interface Source {
  readonly version: string
  /** Commit; empty outside of a clone. */
  readonly revision: string
  /** Time of the commit, RFC 3339; empty outside of a clone. */
  readonly created: string
}

/** Of the commit that is checked out. Its time rather than the present one: the same sources make the same labels. */
export async function readSource(version: string): Promise<Source> {
  try {
    const [revision = '', created = ''] = (await runTool('git', ['log', '-1', '--format=%H %cI'], { cwd: workspace }))
      .trim()
      .split(' ')
    return { version, revision, created }
  } catch {
    return { version, revision: '', created: '' }
  }
}
