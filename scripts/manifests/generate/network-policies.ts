import type { DeclaredEdges, Edge } from '../edges.ts'
import { renderYaml } from './render-yaml.ts'

const podLabel = 'app.kubernetes.io/name'

function toPeer(name: string, { outside }: DeclaredEdges): object {
  const party = outside[name]
  if (party === undefined) return { podSelector: { matchLabels: { [podLabel]: name } } }
  if (party.cidr !== undefined) return { ipBlock: { cidr: party.cidr } }
  return {
    ...(party.namespace !== undefined && { namespaceSelector: { matchLabels: party.namespace } }),
    ...(party.pods !== undefined && { podSelector: { matchLabels: party.pods } }),
  }
}

const toPort = (port: string): object => {
  const [protocol, number] = port.split('/')
  return { protocol, port: Number(number) }
}

/** A rule for each set of ports, with all who are reached by it. */
function toRules(edges: readonly Edge[], side: 'from' | 'to', declared: DeclaredEdges): object[] {
  const portsOf = Map.groupBy(edges, (edge) => edge[side])
  const byPorts = Map.groupBy(portsOf, ([, own]) => own.map(({ port }) => port).join(' '))
  return [...byPorts].map(([ports, peers]) => ({
    [side]: peers.map(([name]) => toPeer(name, declared)),
    ports: ports.split(' ').map(toPort),
  }))
}

interface Rules {
  readonly ingress?: object[]
  readonly egress?: object[]
}

const toPolicy = (name: string, pod: string, { ingress, egress }: Rules): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec: {
    podSelector: { matchLabels: { [podLabel]: pod } },
    policyTypes: [...(ingress === undefined ? [] : ['Ingress']), 'Egress'],
    ...(ingress !== undefined && ingress.length > 0 && { ingress }),
    ...(egress !== undefined && egress.length > 0 && { egress }),
  },
})

/** A policy for each of our own pods that an edge names, as a file; edges to addresses are left to `policiesToAddresses`. */
export function networkPolicies(declared: DeclaredEdges): string {
  const own = declared.edges.filter((edge) => !isToAddresses(edge, declared))
  const named = new Set(own.flatMap(({ from, to }) => [from, to]))
  const policies = [...named]
    .filter((name) => declared.outside[name] === undefined)
    .map((name) =>
      toPolicy(name, name, {
        ingress: toRules(
          own.filter(({ to }) => to === name),
          'from',
          declared,
        ),
        egress: toRules(
          own.filter(({ from }) => from === name),
          'to',
          declared,
        ),
      }),
    )
  return renderYaml('k8s/edges.yaml', policies)
}

/** A policy for each of our own pods that calls addresses, beside its other one, as a file: not every installation needs it. */
export function policiesToAddresses(declared: DeclaredEdges): string {
  const bySource = Map.groupBy(
    declared.edges.filter((edge) => isToAddresses(edge, declared)),
    ({ from }) => from,
  )
  const policies = [...bySource].map(([name, edges]) =>
    toPolicy(`${name}-elsewhere`, name, { egress: toRules(edges, 'to', declared) }),
  )
  return renderYaml('k8s/edges.yaml', policies)
}

const isToAddresses = ({ to }: Edge, { outside }: DeclaredEdges): boolean => outside[to]?.cidr !== undefined
