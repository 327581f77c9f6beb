import type {
  V1NetworkPolicy,
  V1NetworkPolicyIngressRule,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
} from '@kubernetes/client-node'
import { BlockList } from 'node:net'
import type { DeclaredEdges, Outside } from '../edges.ts'
import { ofKind, selects, type KubeObject, type Workload } from './objects.ts'

/** Whoever may open a connection or take one. */
interface Party {
  readonly name: string
  /** Of its namespace; undefined where it is ours. */
  readonly namespace?: Readonly<Record<string, string>> | undefined
  readonly pod?: Readonly<Record<string, string>> | undefined
  /** It has no pod, but this address. */
  readonly address?: string | undefined
}

/** Of a documentation network (RFC 5737): an address that nobody's pod has. */
const anAddress = '203.0.113.7'
const ownNamespace = { 'kubernetes.io/metadata.name': 'rapport' }

/** Every connection that the rendered policies allow, as `from -> to TCP/8080`, for the ports that edges or policies name. */
export function reachable(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  { outside, edges }: DeclaredEdges,
): ReadonlySet<string> {
  const policies = ofKind(objects, 'NetworkPolicy')
  const own = workloads.map(({ name, labels }): Party => ({ name, pod: labels }))
  const parties = [...own, ...Object.entries(outside).map(([name, party]) => toParty(name, party))]
  const isOwn = new Set(own)
  const ports = new Set([...edges.map(({ port }) => port), ...policies.flatMap(namedPorts), 'TCP/1', 'TCP/22'])
  const found = new Set<string>()
  for (const from of parties)
    for (const to of parties) {
      if (from === to || (!isOwn.has(from) && !isOwn.has(to))) continue
      for (const port of ports) {
        const leaves = !isOwn.has(from) || allows(policies, { self: from, other: to, port, direction: 'Egress' })
        const enters = !isOwn.has(to) || allows(policies, { self: to, other: from, port, direction: 'Ingress' })
        if (leaves && enters) found.add(`${from.name} -> ${to.name} ${port}`)
      }
    }
  return found
}

/** The declared edges between parties that are rendered, in the same form; those to addresses where any policy has some. */
function declared(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  { outside, edges }: DeclaredEdges,
): ReadonlySet<string> {
  const hasAddresses = reachesAddresses(objects)
  const parties = Object.entries(outside).filter(([, { cidr }]) => cidr === undefined || hasAddresses)
  const there = new Set([...workloads, ...parties.map(([name]) => ({ name }))].map(({ name }) => name))
  return new Set(
    edges
      .filter(({ from, to }) => there.has(from) && there.has(to))
      .map(({ from, to, port }) => `${from} -> ${to} ${port}`),
  )
}

/** What is reached and not declared, and what is declared and not reached. */
export function checkNetwork(
  objects: readonly KubeObject[],
  workloads: readonly Workload[],
  edges: DeclaredEdges,
): readonly string[] {
  if (ofKind(objects, 'NetworkPolicy').length === 0) return []
  const actual = reachable(objects, workloads, edges)
  const wanted = declared(objects, workloads, edges)
  return [
    ...[...actual.difference(wanted)].map((edge) => `${edge} is allowed and not declared`),
    ...[...wanted.difference(actual)].map((edge) => `${edge} is declared and not allowed`),
  ]
}

/** Whether any policy lets a pod reach addresses, and not pods alone. */
export const reachesAddresses = (objects: readonly KubeObject[]): boolean =>
  ofKind(objects, 'NetworkPolicy').some(({ spec }) =>
    (spec?.egress ?? []).some(({ to = [] }) => to.some(({ ipBlock }) => ipBlock !== undefined)),
  )

const toParty = (name: string, { namespace, pods, cidr }: Outside): Party =>
  cidr === undefined ? { name, namespace, pod: pods ?? {} } : { name, address: anAddress }

const portOf = ({ protocol = 'TCP', port }: V1NetworkPolicyPort): string => `${protocol}/${String(port)}`

const namedPorts = ({ spec }: V1NetworkPolicy): readonly string[] =>
  [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].flatMap(({ ports = [] }) => ports.map(portOf))

interface Question {
  /** The pod whose policies are asked. */
  readonly self: Party
  readonly other: Party
  readonly port: string
  readonly direction: 'Ingress' | 'Egress'
}

/** As Kubernetes says: a pod that no policy of the direction selects is open; otherwise any rule of any of them allows. */
function allows(policies: readonly V1NetworkPolicy[], { self, other, port, direction }: Question): boolean {
  const own = policies.filter(({ spec }) => isSelecting(spec, direction, self.pod ?? {}))
  if (own.length === 0) return true
  return own.some(({ spec }) =>
    rulesOf(spec, direction).some(
      ({ peers, ports }) =>
        (ports === undefined || ports.some((each) => portOf(each) === port)) &&
        (peers === undefined || peers.some((peer) => isPeer(peer, other))),
    ),
  )
}

type Spec = V1NetworkPolicy['spec']

function isSelecting(spec: Spec, direction: string, labels: Readonly<Record<string, string>>): boolean {
  if (spec === undefined) return false
  const types = spec.policyTypes ?? (spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'])
  return types.includes(direction) && selects(spec.podSelector?.matchLabels, labels)
}

interface Rule {
  readonly peers: V1NetworkPolicyIngressRule['_from']
  readonly ports: V1NetworkPolicyIngressRule['ports']
}

/** The client's model calls the field `from` `_from`; the objects here are as they stand in the manifests. */
function rulesOf(spec: Spec, direction: Question['direction']): readonly Rule[] {
  if (direction === 'Egress') return (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
  const ingress = (spec?.ingress ?? []) as readonly { from?: Rule['peers']; ports?: Rule['ports'] }[]
  return ingress.map(({ from, ports }) => ({ peers: from, ports }))
}

function isPeer({ ipBlock, namespaceSelector, podSelector }: V1NetworkPolicyPeer, party: Party): boolean {
  if (ipBlock !== undefined) return party.address !== undefined && isWithin(party.address, ipBlock)
  if (party.pod === undefined) return false
  const inNamespace =
    namespaceSelector === undefined
      ? party.namespace === undefined
      : selects(namespaceSelector.matchLabels, party.namespace ?? ownNamespace)
  return inNamespace && selects(podSelector?.matchLabels, party.pod)
}

function isWithin(address: string, { cidr, except = [] }: { cidr: string; except?: readonly string[] }): boolean {
  const isIn = (block: string): boolean => {
    const [network = '', prefix = '32'] = block.split('/')
    const list = new BlockList()
    list.addSubnet(network, Number(prefix))
    return list.check(address)
  }
  return isIn(cidr) && !except.some(isIn)
}
