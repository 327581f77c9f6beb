import { ofKind, type KubeObject, type Workload } from './objects.ts'
import type { SecretKeys } from './environment.ts'

/** Names in a pod that nobody has: volumes, service account, priority. */
export function checkReferences(
  { name, pod }: Workload,
  objects: readonly KubeObject[],
  secrets: SecretKeys,
): readonly string[] {
  const named = (kind: string): ReadonlySet<string> =>
    new Set(objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name))
  const problems: string[] = []
  if (pod.priorityClassName === undefined || !named('PriorityClass').has(pod.priorityClassName))
    problems.push(`has the priority ${pod.priorityClassName ?? 'of nobody'}`)
  const account = ofKind(objects, 'ServiceAccount').find((each) => each.metadata?.name === name)
  if (pod.serviceAccountName !== name || account?.automountServiceAccountToken !== false)
    problems.push('has not a service account of its own, without a token')
  const configMaps = named('ConfigMap')
  const sources = (pod.volumes ?? []).flatMap(({ configMap, secret, projected }) => [
    { configMap, secret: secret && { name: secret.secretName, items: secret.items } },
    ...(projected?.sources ?? []),
  ])
  for (const { configMap, secret } of sources) {
    if (configMap !== undefined && !configMaps.has(configMap.name ?? ''))
      problems.push(`mounts the ConfigMap ${configMap.name ?? ''}, which is not there`)
    if (secret === undefined) continue
    const keys = secrets.get(secret.name ?? '')
    for (const { key } of secret.items ?? [{ key: '' }])
      if (keys?.has(key) !== true) problems.push(`mounts ${secret.name ?? ''}/${key}, which nobody makes`)
  }
  const volumes = new Set([...(pod.volumes ?? []).map((volume) => volume.name), 'data'])
  for (const { name: volume } of pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts))
    if (!volumes.has(volume)) problems.push(`mounts the volume ${volume}, which it has not`)
  return problems
}

/** External secrets make what is declared, each with exactly its keys. */
export function checkExternalSecrets(objects: readonly KubeObject[], declared: SecretKeys): readonly string[] {
  return ofKind(objects, 'ExternalSecret').flatMap(({ metadata, spec }) => {
    const keys = new Set(spec.data.map(({ secretKey }) => secretKey))
    const wanted = declared.get(spec.target.name)
    const isSame = wanted !== undefined && wanted.symmetricDifference(keys).size === 0
    return isSame ? [] : [`ExternalSecret ${metadata.name} does not make ${spec.target.name} as k8s/secrets.yaml says`]
  })
}
