import { connectEngine, isOfThisMachine, imageOf, missingImages, type Engine } from './docker/engine.ts'
import type { ServerImage } from './docker/run-container.ts'
import type { Environment, ServerKind } from './endpoints.ts'
import { assertNothingMissing } from './obtain/assert-nothing-missing.ts'

/** How servers are started: in containers, or as programs of this machine. */
export type Road = { readonly kind: 'docker'; readonly engine: Engine } | { readonly kind: 'native' }

/** Where a server runs, unless it is to be decided for it. */
export interface Placement {
  /** Default: as the environment of this process has it. */
  readonly road?: Road | undefined
  /** Its folder, which is removed with it. Default: a fresh one. */
  readonly folder?: string | undefined
  /** It is to be released. */
  readonly outlivesUs?: boolean | undefined
}

/**
 * Containers where an engine of this machine answers and has the images, processes otherwise; RAPPORT_INFRA=docker|native
 * insists.
 * @throws Error when what is insisted on cannot be had, MissingPiecesError when nothing can.
 */
export async function chooseRoad(environment: Environment, wanted: readonly ServerKind[]): Promise<Road> {
  const choice = environment['RAPPORT_INFRA'] ?? 'auto'
  if (!['auto', 'docker', 'native'].includes(choice))
    throw new Error(`RAPPORT_INFRA is '${choice}'; it may be docker, native or auto.`)
  if (wanted.length > 0 && choice !== 'native') {
    const engine = await connectEngine(environment)
    const obstacle = await obstacleTo(engine, wanted)
    if (engine !== undefined && obstacle === undefined) return { kind: 'docker', engine }
    if (choice === 'docker') throw new Error(`RAPPORT_INFRA is docker, but ${obstacle}`)
  }
  await assertNothingMissing(wanted)
  return { kind: 'native' }
}

async function obstacleTo(engine: Engine | undefined, wanted: readonly ServerKind[]): Promise<string | undefined> {
  if (engine === undefined) return 'no container engine answers (DOCKER_HOST or the default socket).'
  if (!(await isOfThisMachine(engine)))
    return 'the engine is not one of this machine: its containers would have another network and other processes.'
  const missing = await missingImages(engine, wanted)
  return missing.length === 0 ? undefined : `the engine lacks ${missing.join(', ')}: npm run infra images`
}

/** What a server is run from on a road; undefined: programs of this machine. */
export function imageOn(road: Road, kind: ServerKind): ServerImage | undefined {
  return road.kind === 'native' ? undefined : { engine: road.engine, name: imageOf[kind] }
}
