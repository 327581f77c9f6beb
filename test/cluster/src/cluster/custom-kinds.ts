import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import type { Resource } from './kubectl.ts'

/** As their projects have them; a schema does not say it, and Kustomize gives a namespace to kinds that it does not know. */
const ofClusters: ReadonlySet<string> = new Set(['ClusterQueue', 'ResourceFlavor'])

type Schema = { readonly [keyword: string]: unknown }

/** Definitions of the custom kinds that objects are of, out of the schemas in `k8s/schemas`. */
export async function customKinds(root: string, objects: readonly KubeObject[]): Promise<readonly Resource[]> {
  const byKind = new Map(objects.map((object) => [`${object.apiVersion}/${object.kind}`, object]))
  const definitions = await Promise.all(
    [...byKind.values()].map(async ({ apiVersion, kind }) => {
      const [group = '', version = ''] = apiVersion.split('/')
      const file = join(root, 'k8s', 'schemas', group, `${kind.toLowerCase()}_${version}.json`)
      if (!existsSync(file)) return []
      const schema = toStructural(JSON.parse(await readFile(file, 'utf8')) as Schema)
      return [define({ group, version, kind, isNamespaced: !ofClusters.has(kind) }, schema)]
    }),
  )
  return definitions.flat()
}

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly isNamespaced: boolean
}

function define({ group, version, kind, isNamespaced }: Kind, schema: Schema): Resource {
  const singular = kind.toLowerCase()
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${singular}s.${group}`,
      // Asked for where the group is one of Kubernetes's own.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a check of manifests' },
    },
    spec: {
      group,
      scope: isNamespaced ? 'Namespaced' : 'Cluster',
      names: { kind, singular, plural: `${singular}s` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: withMetadata(schema) } }],
    },
  }
}

/** What it holds is Kubernetes's own. */
const withMetadata = (schema: Schema): Schema => ({
  ...schema,
  properties: { ...(schema['properties'] as Schema), metadata: { type: 'object' } },
})

const kept = [
  'type',
  'format',
  'enum',
  'required',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
]

/** A JSON schema in the form that the API server takes; what several alternatives say of a value is left out. */
export function toStructural(schema: Schema): Schema {
  const { type, properties, additionalProperties, items } = schema
  const types = Array.isArray(type) ? (type as string[]).filter((one) => one !== 'null') : []
  const alternatives = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])].map((one) => one['type'])
  const isIntOrString =
    [...types, ...alternatives].includes('integer') && [...types, ...alternatives].includes('string')
  if (isIntOrString || schema['x-kubernetes-int-or-string'] === true) return { 'x-kubernetes-int-or-string': true }
  const own = Object.fromEntries(kept.filter((name) => name in schema).map((name) => [name, schema[name]]))
  const named = properties as Readonly<Record<string, Schema>> | undefined
  const isOpen =
    named === undefined && typeof additionalProperties !== 'object' && (type === 'object' || type === undefined)
  return {
    ...own,
    ...(types.length > 0 && { type: types[0] }),
    ...(Array.isArray(type) && type.includes('null') && { nullable: true }),
    ...(named !== undefined && {
      properties: Object.fromEntries(Object.entries(named).map(([name, value]) => [name, toStructural(value)])),
    }),
    ...(typeof additionalProperties === 'object' &&
      named === undefined && { additionalProperties: toStructural(additionalProperties as Schema) }),
    ...(typeof items === 'object' && { items: toStructural(items as Schema) }),
    ...((isOpen || schema['x-kubernetes-preserve-unknown-fields'] === true) && {
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  }
}

const listOf = (value: unknown): readonly Schema[] => (Array.isArray(value) ? (value as Schema[]) : [])
