import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Binaries } from '../cluster/binaries.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import { isOpen, startProgram, toFlags } from '../cluster/program.ts'
import { bridge } from './host.ts'
import type { Runtime } from './runtime.ts'

export const nodeName = 'real'
const kubeletPort = 10_250

/** A node that runs pods: kubelet, kube-proxy, and the names of Services. Its parts end with it. */
export async function startNode(binaries: Binaries, cluster: Cluster, runtime: Runtime): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const { kubectl, folder, kubeconfig } = cluster
  const write = async (name: string, content: unknown): Promise<string> => {
    const file = join(folder, name)
    await writeFile(file, typeof content === 'string' ? content : stringify(content))
    return file
  }
  const start = async (name: string, args: readonly string[], isReady: () => Promise<boolean>): Promise<void> =>
    void stack.use(await startProgram(folder, { name, path: binaries[name] ?? '', args, isReady }))

  await mkdir(join(folder, 'pods'), { recursive: true })
  const names = await write('Corefile', nameServer(kubeconfig))
  await start('coredns', ['-conf', names], () => isOpen(53, bridge.address))
  const kubelet = toFlags({
    kubeconfig,
    config: await write('kubelet.yaml', kubeletConfig(folder, runtime.socket, await write('resolv.conf', ''))),
    'root-dir': join(folder, 'kubelet-root'),
    'cert-dir': join(folder, 'kubelet-certificates'),
    'hostname-override': nodeName,
    'node-ip': bridge.address,
  })
  await start('kubelet', kubelet, async () => (await kubectl.try(['get', 'node', nodeName])).ok)
  await kubectl.run(['wait', '--for=condition=Ready', '--timeout=60s', `node/${nodeName}`])
  // It ends when its node comes later than it.
  const proxy = await write('kube-proxy.yaml', proxyConfig(kubeconfig))
  await start('kube-proxy', toFlags({ config: proxy, 'hostname-override': nodeName }), () => isOpen(proxyHealthPort))
  return stack.move()
}

/** Names of Services are answered for; there is no way out, and no other name. */
const nameServer = (kubeconfig: string): string => `cluster.local:53 {
  bind ${bridge.address}
  errors
  kubernetes {
    kubeconfig ${kubeconfig}
    ttl 5
  }
}
.:53 {
  bind ${bridge.address}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`

const proxyHealthPort = 10_256

const proxyConfig = (kubeconfig: string) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  bindAddress: '127.0.0.1',
  healthzBindAddress: `127.0.0.1:${proxyHealthPort}`,
  metricsBindAddress: '127.0.0.1:10249',
  clientConnection: { kubeconfig },
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
})

const kubeletConfig = (folder: string, socket: string, resolvConf: string) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: bridge.address,
  port: kubeletPort,
  healthzPort: 0,
  containerRuntimeEndpoint: `unix://${socket}`,
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  featureGates: { KubeletInUserNamespace: true },
  localStorageCapacityIsolation: false,
  makeIPTablesUtilChains: false,
  podLogsDir: join(folder, 'pods'),
  clusterDNS: [bridge.address],
  clusterDomain: 'cluster.local',
  resolvConf,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
})
