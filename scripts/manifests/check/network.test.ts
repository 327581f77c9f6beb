import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseEdges } from '../edges.ts'
import { networkPolicies, policiesToAddresses } from '../generate/network-policies.ts'
import { checkNetwork, reachable } from './network.ts'
import type { KubeObject, Workload } from './objects.ts'
import { readObjects } from './render.ts'

const edges = parseEdges(`
outside:
  callers: { namespace: { may-call: 'true' } }
  other-callers: { namespace: { may-call: 'false' } }
  sidecar: { pods: { app: sidecar } }
  store: { cidr: 0.0.0.0/0 }
edges:
  - { from: [callers], to: [front], ports: [TCP/8080] }
  - { from: [front], to: [back, sidecar], ports: [TCP/8080] }
  - { from: [back], to: [store], ports: [TCP/443] }
`)
const workload = (name: string): Workload =>
  ({ name, labels: { 'app.kubernetes.io/name': name }, kind: 'Deployment' }) as unknown as Workload
const workloads = [workload('front'), workload('back')]

const policy = (name: string, spec: object): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec,
})
const denyAll = policy('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
const written = [networkPolicies(edges), policiesToAddresses(edges)].flatMap(readObjects)
const all = [denyAll, ...written]

describe('who reaches whom', () => {
  test('without policies everybody reaches everybody', () => {
    const found = reachable([], workloads, edges)
    expect(found).toContain('front -> back TCP/22')
    expect(found).toContain('other-callers -> back TCP/8080')
  })

  test('under a default of deny nobody reaches anybody', () => {
    expect([...reachable([denyAll], workloads, edges)]).toEqual([])
  })

  test('the policies that are written from edges allow these and no others', () => {
    expect(checkNetwork(all, workloads, edges)).toEqual([])
    expect([...reachable(all, workloads, edges)].sort()).toEqual([
      'back -> store TCP/443',
      'callers -> front TCP/8080',
      'front -> back TCP/8080',
      'front -> sidecar TCP/8080',
    ])
  })

  test.each<[string, KubeObject, string]>([
    [
      'a rule without peers',
      policy('open', { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'back' } }, ingress: [{}] }),
      'callers -> back TCP/8080 is allowed and not declared',
    ],
    [
      'a rule without ports',
      policy('ports', {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'front' } },
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'may-call': 'true' } } }] }],
      }),
      'callers -> front TCP/22 is allowed and not declared',
    ],
    [
      'all namespaces',
      policy('namespaces', {
        podSelector: {},
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }],
      }),
      'other-callers -> front TCP/8080 is allowed and not declared',
    ],
  ])('%s is seen', (_, open, problem) => {
    expect(checkNetwork([...all, open], workloads, edges)).toContain(problem)
  })

  test('addresses are reached where policies name some, and need no policy where none does', () => {
    const inside = [denyAll, ...readObjects(networkPolicies(edges))]
    expect(checkNetwork(inside, workloads, edges)).toEqual([])
    expect(reachable(inside, workloads, edges)).not.toContain('back -> store TCP/443')
  })

  test('a policy that is missing is seen', () => {
    const without = all.filter(({ metadata: { name } }) => name !== 'back')
    expect(checkNetwork(without, workloads, edges)).toContain('front -> back TCP/8080 is declared and not allowed')
  })

  test('an address that is left out of a block is not reached', () => {
    const egress = (ipBlock: object): KubeObject[] => [
      denyAll,
      policy('block', {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock }], ports: [{ port: 443 }] }],
      }),
    ]
    expect(reachable(egress({ cidr: '203.0.113.0/24' }), workloads, edges)).toContain('back -> store TCP/443')
    expect(reachable(egress({ cidr: '10.0.0.0/8' }), workloads, edges)).not.toContain('back -> store TCP/443')
    const except = { cidr: '0.0.0.0/0', except: ['203.0.113.0/24'] }
    expect(reachable(egress(except), workloads, edges)).not.toContain('back -> store TCP/443')
  })

  test('edges of an unknown form are refused', () => {
    expect(() => parseEdges('outside: {}\nedges: [{ from: [a], to: [b], ports: [8080] }]')).toThrow('/edges/0/ports/0')
    expect(parse(networkPolicies({ outside: {}, edges: [] })) as unknown).toBeNull()
  })
})
