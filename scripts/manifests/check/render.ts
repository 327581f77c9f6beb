import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { kustomizePrograms } from '../../../test/infra/src/obtain/kustomize.ts'
import type { KubeObject } from './objects.ts'

/** The objects of a kustomization. @throws Error when it cannot be rendered, or nothing that renders was obtained. */
export function render(folder: string): readonly KubeObject[] {
  for (const [program, args] of kustomizePrograms) {
    const { error, status, stdout, stderr } = spawnSync(program, [...args, folder], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    })
    if (error !== undefined) continue
    if (status !== 0) throw new Error(stderr.trim())
    return readObjects(stdout)
  }
  throw new Error('neither kubectl nor kustomize is on this machine')
}

/** Kubernetes objects out of YAML documents. @throws Error naming the document that is none. */
export function readObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map((document, index) => {
    const [problem] = document.errors
    if (problem !== undefined) throw new Error(`document ${index + 1}: ${problem.message}`)
    const value = document.toJS() as Partial<KubeObject> | null
    if (typeof value?.apiVersion !== 'string' || typeof value.kind !== 'string' || !value.metadata?.name)
      throw new Error(`document ${index + 1} has not apiVersion, kind and metadata.name`)
    return value as KubeObject
  })
}

const foldersOf = (root: string, parent: string): readonly string[] =>
  readdirSync(join(root, 'k8s', parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `k8s/${parent}/${name}`)

/** What is deployed as a whole: overlays, and combinations that show that components go together. */
export const combinations = (root: string): readonly string[] => [
  ...foldersOf(root, 'overlays'),
  ...foldersOf(root, 'tests'),
]
