import { join } from 'node:path'
import { freePorts, until } from '@rapport/infra'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import type { Binaries } from '../cluster/binaries.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { isOpen, startProgram, toFlags } from '../cluster/program.ts'
import { isReady, ofService, podsOf } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'
import { bridge } from './host.ts'
import type { Platform } from './platform.ts'
import { ask, tell } from './rolling.ts'

const system = 'kube-system'
const name = 'metrics-server'

/** The metrics server beside the cluster, as one of its APIs. */
export async function startMetricsServer(binaries: Binaries, cluster: Cluster): Promise<AsyncDisposable> {
  const { kubectl, folder, kubeconfig } = cluster
  const [port = 0] = await freePorts(1)
  const args = toFlags({
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'kubelet-insecure-tls': true,
    'kubelet-use-node-status-port': true,
    'kubelet-preferred-address-types': 'InternalIP',
    'metric-resolution': '10s',
    'kubelet-request-timeout': '5s',
    'bind-address': bridge.address,
    'secure-port': port,
    'cert-dir': join(folder, `${name}-certificates`),
  })
  const isReady = (): Promise<boolean> => isOpen(port, bridge.address)
  const server = await startProgram(folder, { name, path: binaries[name] ?? '', args, isReady })
  await kubectl.apply(metricsApi(port))
  return server
}

function metricsApi(port: number): readonly Resource[] {
  const ports = [{ name: 'https', port }]
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: system }, spec: { ports } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace: system, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: [bridge.address], conditions: { ready: true } }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        service: { name, namespace: system, port },
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ]
}

/** With the autoscalers of `components/hpa-only`, pods are added under load. */
export async function checkScaling(
  kubectl: Kubectl,
  platform: Platform,
  { autoscaler, transcript }: { readonly autoscaler: KubeObject; readonly transcript: Transcript },
): Promise<void> {
  const { minReplicas: least } = autoscaler['spec'] as { readonly minReplicas: number }
  const service = 'gateway'
  const ready = async (): Promise<number> => (await podsOf(kubectl, ofService(service))).filter(isReady).length
  await transcript.check('under load pods are added, by processor time', async () => {
    await kubectl.apply([autoscaler])
    must(await until(async () => (await ready()) >= least, { withinMs: 60_000, everyMs: 500 }), `${await ready()} pods`)
    const started = performance.now()
    const load = await ask(platform, [service])
    const scaled = await until(async () => (await ready()) > least, { withinMs: 120_000, everyMs: 500 })
    const seconds = (performance.now() - started) / 1000
    const answers = await load.stop()
    must(scaled, `${await ready()} pods are ready after ${seconds.toFixed(0)} s of load`)
    return `${least} pods, ${await ready()} after ${seconds.toFixed(0)} s; ${tell(answers, () => `of the ${service}`)}`
  })
}
