import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** How the programs are had; `docs` says it at more length. */
const howToGet =
  'k8s/README.md, "On a real Kubernetes", says how they are built; of a distribution come runc, the plugins for containers’ networks, iptables, nftables, conntrack and iproute2'

export const controlPlane = ['kubectl', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
export const simulatedNodes = ['kwok'] as const
export const realNode = [
  'kubelet',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'coredns',
  'metrics-server',
  'runc',
  'nft',
  'iptables',
  'conntrack',
  'ip',
] as const
type Binary = (typeof controlPlane | typeof simulatedNodes | typeof realNode)[number]

/** Paths of programs by their names. */
export type Binaries = Readonly<Record<string, string>>

/**
 * Finds programs in a folder, or where the machine has its own.
 * @throws Error that names those that are absent and says how they are had.
 */
export function findBinaries(
  names: readonly Binary[],
  folder: string | undefined,
  searched = process.env['PATH'] ?? '',
): Binaries {
  const folders = [...(folder === undefined ? [] : [folder]), ...searched.split(delimiter)]
  const found = names.map((name) => [name, folders.map((one) => join(one, name)).find(isProgram)] as const)
  const absent = found.filter(([, path]) => path === undefined).map(([name]) => name)
  if (absent.length > 0) throw new Error(`Absent from ${folder ?? 'this machine'}: ${absent.join(', ')} (${howToGet}).`)
  return Object.fromEntries(found.map(([name, path]) => [name, path ?? '']))
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
