import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  buildImage,
  cached,
  hasImage,
  obtainBaseImage,
  pullImage,
  runTool,
  say,
  withScratch,
  type Engine,
} from '@rapport/infra'

/** What images of services are built from. */
export interface NodeBases {
  /** What a service runs on. */
  readonly base: string
  /** What it is built on: with npm, and a way to the package registry. */
  readonly buildBase: string
}

const dockerfiles = join(import.meta.dirname, '..', 'docker')
const npm = 'npm@11.19.1'

/**
 * The image that the Dockerfile names, or, where no image registry is reachable, two made from a Debian image, the Node that
 * runs this, and npm from its registry. The second trusts the authorities that this machine trusts: its network may have
 * its own.
 */
export async function obtainNodeBases(engine: Engine, registryImage: string): Promise<NodeBases> {
  const [base, buildBase] = [`rapport/node:${process.versions.node}`, `rapport/node-build:${process.versions.node}`]
  if (await hasImage(engine, registryImage)) return { base: registryImage, buildBase: registryImage }
  if ((await hasImage(engine, base)) && (await hasImage(engine, buildBase))) return { base, buildBase }
  if (await pullImage(engine, registryImage)) return { base: registryImage, buildBase: registryImage }
  const debian = await obtainBaseImage(engine)
  await withScratch(async (scratch) => {
    const context = await contextOf(scratch, 'node')
    await copyFile(process.execPath, join(context, 'node'))
    await buildImage(engine, { image: base, context, arguments: { BASE: debian } })
  })
  await withScratch(async (scratch) => {
    const context = await contextOf(scratch, 'node-build')
    await cp(join(await obtainNpm(), 'node_modules', 'npm'), join(context, 'npm'), { recursive: true })
    await copyFile(trustedAuthorities(process.env), join(context, 'ca-certificates.crt'))
    await buildImage(engine, { image: buildBase, context, arguments: { BASE: base } })
  })
  say(`No image registry: ${base} and ${buildBase} were made upon ${debian}.`)
  return { base, buildBase }
}

async function contextOf(scratch: string, image: string): Promise<string> {
  const context = join(scratch, image)
  await mkdir(context)
  await cp(join(dockerfiles, image), context, { recursive: true })
  return context
}

function obtainNpm(): Promise<string> {
  return cached(npm.replace('@', '-'), async (folder) => {
    const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts']
    await runTool('npm', ['install', '--prefix', folder, ...quiet, npm])
  })
}

/** The file that clients of this machine are pointed to, else that of its distribution. */
function trustedAuthorities(environment: Readonly<Record<string, string | undefined>>): string {
  const candidates = [
    environment['NODE_EXTRA_CA_CERTS'],
    environment['SSL_CERT_FILE'],
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
  ]
  const file = candidates.find((path) => path !== undefined && path !== '' && existsSync(path))
  if (file === undefined) throw new Error('No file with certificates of authorities was found: set SSL_CERT_FILE.')
  return file
}
