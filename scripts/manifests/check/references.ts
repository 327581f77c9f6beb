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

/** External secrets make the declared keys that pods use, and no others: of one that is missing in the store, none is made. */
export function checkExternalSecrets(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  declared: SecretKeys,
): readonly string[] {
  const used = keysUsed(workloads)
  return ofKind(objects, 'ExternalSecret').flatMap(({ metadata, spec }) => {
    const keys = new Set(spec.data.map(({ secretKey }) => secretKey))
    const wanted = used.get(spec.target.name) ?? declared.get(spec.target.name)
    const isSame = wanted !== undefined && wanted.symmetricDifference(keys).size === 0
    const all = [...(wanted ?? [])].join(', ')
    return isSame ? [] : [`ExternalSecret ${metadata.name} does not make of ${spec.target.name} what pods use: ${all}`]
  })
}

function keysUsed(workloads: readonly Workload[]): SecretKeys {
  const used = new Map<string, Set<string>>()
  const note = (secret = '', key = ''): unknown => used.set(secret, (used.get(secret) ?? new Set()).add(key))
  for (const { pod } of workloads) {
    for (const { env = [] } of pod.containers)
      for (const { valueFrom } of env)
        if (valueFrom?.secretKeyRef !== undefined) note(valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key)
    for (const { secret, projected } of pod.volumes ?? []) {
      for (const { key } of secret?.items ?? []) note(secret?.secretName, key)
      for (const source of projected?.sources ?? [])
        for (const { key } of source.secret?.items ?? []) note(source.secret?.name, key)
    }
  }
  return used
}
