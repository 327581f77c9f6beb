// npm run images -- build [--service NAME ...] [--base IMAGE [--build-base IMAGE]] [--tag TAG], npm run images -- pin [--check]
import { parseArgs } from 'node:util'
import { connectEngine, say, type Engine } from '@rapport/infra'
import manifest from '../../../package.json' with { type: 'json' }
import { nameOf, pinReferences, readReferences, type BaseReference } from './base-references.ts'
import { buildServices, imageNames, readSource, workspace, type ImageName } from './build-service.ts'
import { obtainNodeBases, type NodeBases } from './node-bases.ts'

const usage = `usage: npm run images -- build [--service NAME ...] [--base IMAGE [--build-base IMAGE]] [--tag TAG]
       npm run images:pin [-- --check]
NAME is one of ${imageNames.join(', ')}; all when not said.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    service: { type: 'string', multiple: true, default: [...imageNames] },
    base: { type: 'string' },
    'build-base': { type: 'string' },
    tag: { type: 'string', default: manifest.version },
    check: { type: 'boolean', default: false },
  },
})
const commands: Readonly<Record<string, () => Promise<void>>> = { build, pin }
const command = positionals.length === 1 ? commands[positionals[0] ?? ''] : undefined
const services = values.service.filter((name): name is ImageName => imageNames.some((known) => known === name))
if (command === undefined || services.length < values.service.length) {
  say(usage)
  process.exitCode = 2
} else {
  await command().catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  })
}

async function build(): Promise<void> {
  const engine = await connectEngine(process.env)
  if (engine === undefined)
    throw new Error(
      'No container engine answers (DOCKER_HOST or the default socket). One for this command alone: npm run infra -- with-engine npm run images -- build',
    )
  const bases = await chooseBases(engine)
  const source = await readSource(manifest.version)
  const started = performance.now()
  const built = await buildServices(engine, { services, bases, tag: values.tag, source })
  for (const { image, bytes, addedBytes } of Object.values(built))
    say(`${image}: ${megabytes(bytes)}, ${megabytes(addedBytes)} above ${bases.base}`)
  say(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
}

async function chooseBases(engine: Engine): Promise<NodeBases> {
  const { base, 'build-base': buildBase = base } = values
  if (base !== undefined && buildBase !== undefined) return { base, buildBase }
  const [wanted] = await readReferences(workspace)
  if (wanted === undefined) throw new Error('docker/Dockerfile names no base image.')
  return obtainNodeBases(engine, nameOf(wanted))
}

/** Asks the registries for digests by way of the engine, which knows where they are and may have leave to. */
async function pin(): Promise<void> {
  if (values.check) return show(await readReferences(workspace))
  const engine = await connectEngine(process.env)
  const ask = async (image: string): Promise<string | undefined> => {
    try {
      return (await engine?.container.dockerode.getImage(image).distribution())?.Descriptor.digest
    } catch (error) {
      say(`${image}: no registry says what its digest is (${error instanceof Error ? error.message : String(error)})`)
      return undefined
    }
  }
  if (engine === undefined) say('No container engine answers, so that no registry can be asked.')
  show(await pinReferences(workspace, ask))
}

/** Status 1 where one is not pinned. */
function show(references: readonly BaseReference[]): void {
  for (const reference of references)
    say(`${reference.digest === undefined ? 'unpinned' : 'pinned'}  ${reference.file}  ${nameOf(reference)}`)
  if (references.some(({ digest }) => digest === undefined)) process.exitCode = 1
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
