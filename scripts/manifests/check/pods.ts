import type { V1Container, V1PodSpec } from '@kubernetes/client-node'

/** What the restricted pod security standard and this project ask of a pod, and it does not do. */
export function checkConfinement(pod: V1PodSpec): readonly string[] {
  const { securityContext: context } = pod
  const problems: string[] = []
  if (pod.automountServiceAccountToken !== false) problems.push('gets a token of its service account')
  if (pod.enableServiceLinks !== false) problems.push('gets variables for every Service of the namespace')
  if (context?.runAsNonRoot !== true) problems.push('may run as root')
  if (context?.runAsUser === undefined || context.runAsUser === 0) problems.push('has no user by number')
  const { runAsGroup, fsGroup, supplementalGroups = [] } = context ?? {}
  if (runAsGroup === undefined || [runAsGroup, fsGroup, ...supplementalGroups].includes(0))
    problems.push("has no group by number, or root's")
  if (context?.seccompProfile?.type !== 'RuntimeDefault') problems.push('has no seccomp profile RuntimeDefault')
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
    if (pod[field] === true) problems.push(`has ${field}`)
  for (const { name, hostPath } of pod.volumes ?? [])
    if (hostPath !== undefined) problems.push(`mounts the host by the volume ${name}`)
  for (const container of [...(pod.initContainers ?? []), ...pod.containers])
    problems.push(...checkContainer(container).map((problem) => `container ${container.name} ${problem}`))
  return problems
}

function checkContainer({ securityContext: context, image = '', resources, ports }: V1Container): readonly string[] {
  const problems: string[] = []
  if (context?.allowPrivilegeEscalation !== false) problems.push('may gain privileges')
  if (context?.privileged === true) problems.push('is privileged')
  if (context?.readOnlyRootFilesystem !== true) problems.push('may write to its root file system')
  if (context?.capabilities?.drop?.includes('ALL') !== true || context.capabilities.add !== undefined)
    problems.push('keeps capabilities')
  const tag = /:([^:/@]+)$/.exec(image)?.[1]
  if (!image.includes('@sha256:') && (tag === undefined || tag === 'latest'))
    problems.push(`has the image ${image}, of no version`)
  for (const resource of ['cpu', 'memory'])
    if (resources?.requests?.[resource] === undefined) problems.push(`requests no ${resource}`)
  if (resources?.limits?.['memory'] === undefined) problems.push('has no limit of memory')
  if (resources?.limits?.['cpu'] !== undefined) problems.push('has a limit of processor time: it would be throttled')
  if (ports?.some(({ hostPort }) => hostPort !== undefined) === true) problems.push('takes a port of the host')
  return problems
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
}

/** Bytes of a quantity such as `512Mi`. @throws Error where it is none. */
export function toBytes(quantity: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity) ?? []
  const factor = units[unit]
  if (number === undefined || factor === undefined) throw new Error(`${quantity} is no quantity of memory`)
  return Number(number) * factor
}
