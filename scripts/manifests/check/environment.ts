import type { V1ConfigMap, V1Container, V1EnvVar } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ofKind, type KubeObject } from './objects.ts'

/** Where the value of a variable comes from. */
export type VariableSource =
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'secret'; readonly secret: string; readonly key: string }

export interface ContainerEnvironment {
  readonly variables: ReadonlyMap<string, VariableSource>
  readonly problems: readonly string[]
}

/** Keys by secret. */
export type SecretKeys = ReadonlyMap<string, ReadonlySet<string>>

/** Those that are made outside (k8s/secrets.yaml). */
export function readSecretKeys(root: string): SecretKeys {
  const declared = parse(readFileSync(join(root, 'k8s', 'secrets.yaml'), 'utf8')) as Readonly<Record<string, string[]>>
  return new Map(Object.entries(declared).map(([name, keys]) => [name, new Set(keys)]))
}

/** The declared ones, and those that Strimzi makes for what is rendered. */
export function knownSecrets(objects: readonly KubeObject[], declared: SecretKeys): SecretKeys {
  const byOperators = objects.flatMap(({ kind, metadata: { name } }): [string, Set<string>][] => {
    if (kind === 'KafkaUser') return [[name, new Set(['password', 'sasl.jaas.config'])]]
    if (kind === 'Kafka') return [[`${name}-cluster-ca-cert`, new Set(['ca.crt', 'ca.p12', 'ca.password'])]]
    return []
  })
  return new Map([...declared, ...byOperators])
}

/** The variables of a container, in the order in which Kubernetes lets the later win, and what is wrong with where they come from. */
export function environmentOf(
  container: V1Container,
  objects: readonly KubeObject[],
  secrets: SecretKeys,
): ContainerEnvironment {
  const configMaps = new Map(ofKind(objects, 'ConfigMap').map((map) => [map.metadata?.name, map]))
  const variables = new Map<string, VariableSource>()
  const problems: string[] = []
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (secretRef !== undefined)
      problems.push(`takes all keys of the secret ${secretRef.name ?? ''}: name each variable`)
    if (configMapRef === undefined) continue
    const map = configMaps.get(configMapRef.name ?? '')
    if (map === undefined)
      problems.push(`takes its variables from the ConfigMap ${configMapRef.name ?? ''}, which is not there`)
    for (const [name, text] of Object.entries(map?.data ?? {})) variables.set(name, { from: 'text', text })
  }
  const own = new Set<string>()
  for (const variable of container.env ?? []) {
    if (own.has(variable.name)) problems.push(`${variable.name} is set twice`)
    own.add(variable.name)
    const source = sourceOf(variable, secrets, configMaps)
    if (typeof source === 'string') problems.push(source)
    else if (source !== undefined) variables.set(variable.name, source)
  }
  return { variables, problems }
}

/** Undefined of an optional one that is not there; a text that says what is wrong. */
function sourceOf(
  { name, value, valueFrom }: V1EnvVar,
  secrets: SecretKeys,
  configMaps: ReadonlyMap<string | undefined, V1ConfigMap>,
): VariableSource | string | undefined {
  if (valueFrom === undefined) return { from: 'text', text: value ?? '' }
  const { secretKeyRef, configMapKeyRef } = valueFrom
  if (configMapKeyRef !== undefined) {
    const map = configMaps.get(configMapKeyRef.name ?? '')
    const text = map?.data?.[configMapKeyRef.key]
    if (text !== undefined) return { from: 'text', text }
    if (map !== undefined && configMapKeyRef.optional === true) return undefined
    return `${name} is to come from the ConfigMap ${configMapKeyRef.name ?? ''}, which has no ${configMapKeyRef.key}`
  }
  if (secretKeyRef === undefined) return `${name} comes from something other than a value, a ConfigMap or a secret`
  const { name: secret = '', key } = secretKeyRef
  if (secrets.get(secret)?.has(key) !== true) return `${name} is to come from ${secret}/${key}, which nobody makes`
  return { from: 'secret', secret, key }
}
