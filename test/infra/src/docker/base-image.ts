import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cached, withScratch } from '../obtain/cache.ts'
import { askTool, runTool, say } from '../obtain/run-tool.ts'
import { hasImage, type Engine } from './engine.ts'
import { finished } from './progress.ts'

const registryImage = 'debian:bookworm-slim'
const ownImage = 'rapport/base:bookworm'
const archive = 'base-bookworm'

/**
 * A Debian image to build upon: from a registry, or, where none is reachable, made from Debian's packages by debootstrap
 * (root alone can) and kept in the cache.
 */
export async function obtainBaseImage(engine: Engine): Promise<string> {
  for (const image of [registryImage, ownImage]) if (await hasImage(engine, image)) return image
  if (await pullImage(engine, registryImage)) return registryImage
  const file = join(await cached(archive, makeArchive), 'rootfs.tar')
  const progress = await engine.container.dockerode.importImage(file, {
    repo: 'rapport/base',
    tag: 'bookworm',
    changes: 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  })
  await finished(engine, `Importing ${file}`, progress)
  if (!(await hasImage(engine, ownImage))) throw new Error(`The engine did not take ${file} as ${ownImage}.`)
  return ownImage
}

/** Takes an image from its registry; false where that is not to be had. */
export async function pullImage(engine: Engine, image: string): Promise<boolean> {
  say(`Pulling ${image}…`)
  try {
    await finished(engine, `Pulling ${image}`, await engine.container.dockerode.pull(image))
    return true
  } catch {
    return false
  }
}

async function makeArchive(folder: string): Promise<void> {
  const isRoot = process.getuid?.() === 0
  if (!isRoot || (await askTool('debootstrap', ['--version'])) === undefined)
    throw new Error(
      `${registryImage} could not be pulled, and a base image is made without a registry by root with debootstrap (apt-get install debootstrap) alone. Or name an image that the engine has: npm run infra -- images --base IMAGE`,
    )
  say('No registry: making a Debian image with debootstrap (once, about a minute)…')
  await withScratch(async (scratch) => {
    const rootfs = join(scratch, 'rootfs')
    await runTool('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', rootfs])
    // debootstrap may end well with half a system when the network breaks.
    if (!existsSync(join(rootfs, 'etc/debian_version'))) throw new Error('debootstrap made no Debian.')
    const without = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './proc/*', './sys/*']
    const excludes = without.map((path) => `--exclude=${path}`)
    await runTool('tar', ['-C', rootfs, ...excludes, '-cf', join(folder, 'rootfs.tar'), '.'])
  })
}
