import { existsSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import type { ContainerRuntimeClient } from 'testcontainers'
import type { Environment, ServerKind } from '../endpoints.ts'
import { kafkaVersion } from '../obtain/kafka-jars.ts'
import { versitygwVersion } from '../obtain/versitygw.ts'

/** A container engine that answers. */
export type Engine = ContainerRuntimeClient

/** The images of the servers' programs; `npm run infra images` builds them. */
export const imageOf: Readonly<Record<ServerKind, string>> = {
  kafka: `rapport/kafka:${kafkaVersion}`,
  redis: 'rapport/redis:bookworm',
  s3: `rapport/versitygw:${versitygwVersion}`,
}

/** The engine that DOCKER_HOST or the default socket leads to, or undefined when none answers. */
export async function connectEngine(environment: Environment): Promise<Engine | undefined> {
  // Loading the library takes half a second, which most runs need not spend.
  if (!mayHaveEngine(environment)) return undefined
  // Containers are removed by us: the library's own remover is an image that cannot be pulled everywhere.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
  // Ports are published on the loopback interface, also where this machine is a container that the library takes for the
  // engine's neighbour.
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1'
  const { getContainerRuntimeClient } = await import('testcontainers')
  try {
    return await getContainerRuntimeClient()
  } catch {
    return undefined
  }
}

function mayHaveEngine(environment: Environment): boolean {
  if ((environment['DOCKER_HOST'] ?? '') !== '') return true
  const folders = ['/var/run', environment['XDG_RUNTIME_DIR'], join(homedir(), '.docker', 'run')]
  return folders.some((folder) => folder !== undefined && existsSync(join(folder, 'docker.sock')))
}

/** Which of the servers' images the engine does not have. */
export async function missingImages(engine: Engine, kinds: readonly ServerKind[]): Promise<string[]> {
  const images = kinds.map((kind) => imageOf[kind])
  const there = await Promise.all(images.map((image) => hasImage(engine, image)))
  return images.filter((_, index) => !there[index])
}

/** Asked of the engine each time: the library remembers what it has once seen. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  return engine.container.dockerode
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    )
}

/**
 * Are its containers on this machine, with our network and our users' numbers? Not those of a virtual machine, of another
 * computer, or of an engine without root's rights.
 */
export async function isOfThisMachine(engine: Engine): Promise<boolean> {
  const { OSType, Name, SecurityOptions } = (await engine.container.dockerode.info()) as EngineInfo
  const isApart = SecurityOptions?.some((option) => /^name=(rootless|userns)/.test(option)) ?? false
  return process.platform === 'linux' && OSType === 'linux' && Name === hostname() && !isApart
}

interface EngineInfo {
  readonly OSType: string
  readonly Name: string
  readonly SecurityOptions?: readonly string[] | null
}
