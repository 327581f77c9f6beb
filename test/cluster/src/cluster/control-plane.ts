import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '@rapport/infra'
import type { Binaries } from './binaries.ts'
import { makeCertificate } from './certificates.ts'
import { Kubectl } from './kubectl.ts'
import { namespace } from './pods.ts'
import { isOpen, startProgram, toFlags, type Program } from './program.ts'

/** A cluster and the way to it. */
export interface Cluster {
  readonly kubectl: Kubectl
  /** Path of the file. */
  readonly kubeconfig: string
  /** Where what belongs to the cluster has its files. */
  readonly folder: string
}

/**
 * A cluster that is there.
 * @throws Error when it has the namespace of the overlays: what stands in it may be somebody's installation.
 */
export async function useCluster(binaries: Binaries, kubeconfig: string, folder: string): Promise<Cluster> {
  const kubectl = new Kubectl(binaries['kubectl'] ?? '', kubeconfig)
  const found = await kubectl.run(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'name'])
  if (found !== '') throw new Error(`The cluster has a namespace ${namespace}, which this check would remove.`)
  return { kubectl, kubeconfig, folder }
}

/** Range from which Services get their addresses. */
const serviceRange = '10.96.0.0/16'

/** Starts etcd, the API server, the controllers and the scheduler, for this machine alone. */
export async function startControlPlane(binaries: Binaries, folder: string): Promise<Cluster & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const [etcd = 0, peers = 0, api = 0, controllers = 0, scheduler = 0] = await freePorts(5)
  const kubeconfig = await writeKubeconfig(folder, api)
  const kubectl = new Kubectl(binaries['kubectl'] ?? '', kubeconfig)
  const start = async (program: Omit<Program, 'path'>): Promise<void> =>
    void stack.use(await startProgram(folder, { ...program, path: binaries[program.name] ?? '' }))
  await start({ name: 'etcd', args: etcdFlags(etcd, peers), isReady: () => isOpen(etcd) })
  await start({
    name: 'kube-apiserver',
    args: await serverFlags(folder, etcd, api),
    isReady: async () => (await kubectl.try(['get', '--raw', '/readyz'])).ok,
  })
  const client = (name: string, port: number): Record<string, string | number | boolean> => ({
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'leader-elect': false,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    'cert-dir': join(folder, name),
  })
  await start({
    name: 'kube-controller-manager',
    args: toFlags({
      ...client('kube-controller-manager', controllers),
      'service-account-private-key-file': join(folder, 'accounts.key'),
      'use-service-account-credentials': true,
      // Processor time counts from the first measurements on.
      'horizontal-pod-autoscaler-cpu-initialization-period': '30s',
    }),
    isReady: () => isOpen(controllers),
  })
  await start({
    name: 'kube-scheduler',
    args: toFlags(client('kube-scheduler', scheduler)),
    isReady: () => isOpen(scheduler),
  })
  const owned = stack.move()
  return { kubectl, kubeconfig, folder, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function etcdFlags(clients: number, peers: number): string[] {
  const [own, other] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`]
  return toFlags({
    'data-dir': 'data',
    'listen-client-urls': own,
    'advertise-client-urls': own,
    'listen-peer-urls': other,
    'initial-advertise-peer-urls': other,
    'initial-cluster': `default=${other}`,
    'unsafe-no-fsync': true,
  })
}

async function serverFlags(folder: string, etcd: number, port: number): Promise<string[]> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const accounts = join(folder, 'accounts.key')
  await writeFile(accounts, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  // Servers of other APIs, of metrics, know by it that a call comes from this one.
  const proxy = await makeCertificate({ folder, commonName: 'front-proxy' })
  return toFlags({
    'etcd-servers': `http://127.0.0.1:${etcd}`,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    // A loopback address is no endpoint for others.
    'endpoint-reconciler-type': 'none',
    'cert-dir': 'certificates',
    'token-auth-file': join(folder, 'tokens.csv'),
    'authorization-mode': 'Node,RBAC',
    'service-account-key-file': accounts,
    'service-account-signing-key-file': accounts,
    'service-account-issuer': `https://127.0.0.1:${port}`,
    'service-cluster-ip-range': serviceRange,
    'kubelet-preferred-address-types': 'InternalIP',
    'requestheader-client-ca-file': proxy.authority,
    'requestheader-allowed-names': 'front-proxy',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': proxy.certificate,
    'proxy-client-key-file': proxy.key,
    'enable-aggregator-routing': true,
  })
}

async function writeKubeconfig(folder: string, port: number): Promise<string> {
  await mkdir(folder, { recursive: true })
  const token = randomBytes(24).toString('hex')
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  const file = join(folder, 'kubeconfig')
  const named = { name: 'check' }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ ...named, cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ ...named, user: { token } }],
    contexts: [{ ...named, context: { cluster: 'check', user: 'check' } }],
    'current-context': 'check',
  }
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  return file
}
