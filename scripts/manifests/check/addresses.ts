import { routePrefixes } from '../../../packages/contracts/src/index.ts'
import type { DeclaredEdges } from '../edges.ts'
import { reachesAddresses } from './network.ts'
import { ofKind, selects, type KubeObject, type Workload } from './objects.ts'

interface Backend {
  readonly path: string
  readonly isPrefix: boolean
  readonly service: string
  readonly port: string | number | undefined
}

/** Services, by name, with the ports that they take calls on. */
function portsByService(objects: readonly KubeObject[]): ReadonlyMap<string, ReadonlySet<string | number>> {
  return new Map(
    ofKind(objects, 'Service').map(({ metadata, spec }) => [
      metadata?.name ?? '',
      new Set((spec?.ports ?? []).flatMap(({ name, port }) => [port, ...(name === undefined ? [] : [name])])),
    ]),
  )
}

/** Services that lead to no pod, to pods of several workloads, or to a port that the pods have not. */
export function checkServices(objects: readonly KubeObject[], workloads: readonly Workload[]): readonly string[] {
  return ofKind(objects, 'Service').flatMap(({ metadata, spec }) => {
    const name = metadata?.name ?? ''
    const taken = workloads.filter(({ labels }) => selects(spec?.selector, labels))
    const [only] = taken
    if (only === undefined || taken.length > 1) return [`Service ${name} is for ${taken.length} workloads, not for one`]
    const ports = only.pod.containers.flatMap((container) => container.ports ?? [])
    return (spec?.ports ?? [])
      .filter(({ targetPort }) => !ports.some((port) => port.name === targetPort || port.containerPort === targetPort))
      .map(({ targetPort }) => `Service ${name} leads to port ${String(targetPort)}, which ${only.name} has not`)
  })
}

const isGatewayUrls = /^RAPPORT_(\w+)_URLS$/

/** Where the gateway is told that services are. */
export function checkGatewayUrls(
  objects: readonly KubeObject[],
  settings: ReadonlyMap<string, string>,
): readonly string[] {
  const services = portsByService(objects)
  return [...settings]
    .filter(([name]) => isGatewayUrls.test(name))
    .flatMap(([name, text]) => text.split(',').map((each) => [name, new URL(each)] as const))
    .flatMap(([name, { hostname, port }]) => {
      const service = isGatewayUrls.exec(name)?.[1]?.toLowerCase().replaceAll('_', '-')
      const isThere = hostname === service && services.get(hostname)?.has(Number(port)) === true
      return isThere ? [] : [`${name} names ${hostname}:${port}, where ${service ?? ''} is not`]
    })
}

/** Where a process is told that Kafka and the object store are, as host and port. */
function storeAddresses(settings: ReadonlyMap<string, string>): readonly (readonly [string, string, number])[] {
  const endpoint = settings.get('RAPPORT_S3_ENDPOINT')
  const brokers = settings.get('RAPPORT_KAFKA_BROKERS')?.split(',') ?? []
  const urls = [
    ...(endpoint === undefined ? [] : [['RAPPORT_S3_ENDPOINT', new URL(endpoint)] as const]),
    ...brokers.map((broker) => ['RAPPORT_KAFKA_BROKERS', new URL(`kafka://${broker.trim()}`)] as const),
  ]
  return urls.map(([name, { hostname, port, protocol }]) => {
    const usual = protocol === 'https:' ? 443 : 80
    return [name, hostname, port === '' ? usual : Number(port)]
  })
}

/** Stores that are named by a Service that is not there, or to which no declared edge leads although there are policies. */
export function checkStoreAddresses(
  objects: readonly KubeObject[],
  settings: ReadonlyMap<string, string>,
  { outside, edges }: DeclaredEdges,
): readonly string[] {
  const services = portsByService(objects)
  const bootstraps = new Set(
    ofKind(objects, 'Kafka').flatMap(({ metadata, spec }) =>
      spec.kafka.listeners.map(({ port }) => `${metadata.name}-kafka-bootstrap:${port}`),
    ),
  )
  const hasAddresses = reachesAddresses(objects)
  const hasPolicies = ofKind(objects, 'NetworkPolicy').length > 0
  const portsOutside = new Set(edges.filter(({ to }) => outside[to]?.cidr !== undefined).map(({ port }) => port))
  return storeAddresses(settings).flatMap(([name, host, port]) => {
    const address = `${host}:${port}`
    if (!host.includes('.')) {
      const isThere = services.get(host)?.has(port) === true || bootstraps.has(address)
      return isThere ? [] : [`${name} names ${address}, which is not there`]
    }
    if (!hasPolicies) return []
    if (!portsOutside.has(`TCP/${port}`))
      return [`${name} names ${address}, to whose port no edge of k8s/edges.yaml leads`]
    return hasAddresses ? [] : [`${name} names ${address}, to which components/network-policies/elsewhere is needed`]
  })
}

function backendsOf(objects: readonly KubeObject[]): readonly (readonly [string, readonly Backend[]])[] {
  const ingresses = ofKind(objects, 'Ingress').map(({ spec }): [string, Backend[]] => [
    'Ingress',
    (spec?.rules ?? [])
      .flatMap(({ http }) => http?.paths ?? [])
      .map(({ path = '', pathType, backend: { service } }) => ({
        path,
        isPrefix: pathType === 'Prefix',
        service: service?.name ?? '',
        port: service?.port?.name ?? service?.port?.number,
      })),
  ])
  const routes = ofKind(objects, 'HTTPRoute').map(({ spec }): [string, Backend[]] => [
    'HTTPRoute',
    spec.rules.flatMap(({ matches, backendRefs }) =>
      matches.flatMap(({ path: { type, value } }) =>
        backendRefs.map(({ name, port }) => ({ path: value, isPrefix: type === 'PathPrefix', service: name, port })),
      ),
    ),
  ])
  return [...ingresses, ...routes]
}

/** Routes from outside: every prefix leads to the service that owns it, and nothing that is for machinery is reached. */
export function checkRoutes(objects: readonly KubeObject[]): readonly string[] {
  const services = portsByService(objects)
  return backendsOf(objects).flatMap(([kind, backends]) => {
    const problems: string[] = []
    for (const { path, service, port, isPrefix } of backends) {
      if (port === undefined || services.get(service)?.has(port) !== true)
        problems.push(`${kind} leads ${path} to ${service}:${String(port)}, which is not there`)
      const hidden = ['/metrics', '/health/live', '/health/ready'].filter(
        (each) => each === path || (isPrefix && each.startsWith(path.endsWith('/') ? path : `${path}/`)),
      )
      if (hidden.length > 0) problems.push(`${kind} leads ${path} to the outside`)
    }
    for (const [service, prefixes] of Object.entries(routePrefixes))
      for (const prefix of prefixes) {
        const [first, ...others] = backends.filter(
          (backend) => backend.isPrefix && backend.path === prefix && backend.service !== `${service}-canary`,
        )
        if (first?.service !== service || others.length > 0)
          problems.push(`${kind} does not lead ${prefix} to ${service} alone`)
      }
    return problems
  })
}
