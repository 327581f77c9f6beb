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

function toPolicy(name: string, declared: DeclaredEdges): object {
  const ingress = declared.edges.filter(({ to }) => to === name)
  const egress = declared.edges.filter(({ from }) => from === name)
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: {
      podSelector: { matchLabels: { [podLabel]: name } },
      policyTypes: ['Ingress', 'Egress'],
      ...(ingress.length > 0 && { ingress: toRules(ingress, 'from', declared) }),
      ...(egress.length > 0 && { egress: toRules(egress, 'to', declared) }),
    },
  }
}

/** A policy for each of our own pods that an edge names, as a file. */
export function networkPolicies(declared: DeclaredEdges): string {
  const named = new Set(declared.edges.flatMap(({ from, to }) => [from, to]))
  const own = [...named].filter((name) => declared.outside[name] === undefined)
  return renderYaml(
    'k8s/edges.yaml',
    own.map((name) => toPolicy(name, declared)),
  )
}
