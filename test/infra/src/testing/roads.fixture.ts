import type { ServerKind } from '../endpoints.ts'
import { chooseRoad, type Road } from '../road.ts'

const kinds: readonly ServerKind[] = ['kafka', 'redis', 's3']

/** Containers, where an engine has the images. */
export async function dockerRoad(): Promise<Extract<Road, { kind: 'docker' }> | undefined> {
  const road = await chooseRoad({ ...process.env, RAPPORT_INFRA: 'docker' }, kinds).catch(() => undefined)
  return road?.kind === 'docker' ? road : undefined
}

/** The road of this run and, beside it, containers where they can be had. */
export async function roadsHere(): Promise<Road[]> {
  const chosen = await chooseRoad(process.env, kinds)
  const docker = chosen.kind === 'docker' ? undefined : await dockerRoad()
  return docker === undefined ? [chosen] : [chosen, docker]
}
