/** The manifests with one thing changed, for the tests. */
import { join } from 'node:path'
import { obtainKustomize } from '../../../../test/infra/src/obtain/kustomize.ts'
import { checkCombination, readContext } from '../check-combination.ts'
import type { KubeObject } from '../objects.ts'
import { render } from '../render.ts'

const root = join(import.meta.dirname, '../../../..')
/** On CI it has to be there. */
export const canRender = await obtainKustomize().then(
  () => true,
  (error: unknown) => {
    if (process.env['CI'] !== undefined) throw error
    return false
  },
)
export const objects = canRender ? render(join(root, 'k8s/tests/every-component')) : []
export const context = readContext(root)

export type Path = readonly (string | number)[]
export const pod: Path = ['spec', 'template', 'spec']
export const container: Path = [...pod, 'containers', 0]

/** The rendered objects with one value in one of them changed; undefined takes it away. */
export function changed(kind: string, name: string, path: Path, value: unknown): readonly KubeObject[] {
  const copy = structuredClone(objects)
  const object = copy.find((each) => each.kind === kind && each.metadata.name.startsWith(name))
  if (object === undefined) throw new Error(`there is no ${kind} ${name}`)
  let place: unknown = object
  for (const key of path.slice(0, -1)) place = Reflect.get(place as object, key)
  const last = path.at(-1) ?? ''
  if (value === undefined) Reflect.deleteProperty(place as object, last)
  else
    Reflect.set(
      place as object,
      last,
      typeof value === 'function' ? (value as (old: unknown) => unknown)(Reflect.get(place as object, last)) : value,
    )
  return copy
}

/** What is changed in which object, and the problem that is found. */
export type Case = readonly [what: string, kind: string, name: string, path: Path, value: unknown, problem: string]

/** What is found when it is changed. */
export const problemsOf = ([, kind, name, path, value]: Case): string =>
  checkCombination(changed(kind, name, path, value), context).join('\n')
