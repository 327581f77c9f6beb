import { existsSync } from 'node:fs'
import { readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { askTool, runTool, until } from '@rapport/infra'

/** The bridge that the pods of the real node are on; the machine has the first address. */
export const bridge = { name: 'rapport0', address: '10.244.0.1', range: '10.244.0.0/24' } as const
/** Name of the network, by which what belongs to it is found. */
export const networkName = 'rapport-check'
/** Where groups of processes are: in one tree, or in one for each thing that is limited. */
const groups = '/sys/fs/cgroup'

/** Those in which a kubelet puts its pods. */
async function podGroups(): Promise<readonly string[]> {
  const parents = ['', ...(await readdir(groups).catch(() => []))]
  return parents.map((parent) => join(groups, parent, 'kubepods')).filter(existsSync)
}

/** @throws Error where this is not root, or a kubelet has its pods here already: its traces could not be told from ours. */
export async function assertFreeHost(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('A real node needs root on Linux.')
  const [group] = await podGroups()
  if (group !== undefined) throw new Error(`A kubelet has its pods on this machine: ${group} is there.`)
  if (existsSync(`/sys/class/net/${bridge.name}`)) throw new Error(`There is an interface ${bridge.name} already.`)
}

/** Makes the bridge, and lets its traffic pass where a container engine lets none. */
export async function startBridge(): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  await runTool('ip', ['link', 'add', bridge.name, 'type', 'bridge'])
  stack.defer(async () => void (await askTool('ip', ['link', 'delete', bridge.name])))
  await runTool('ip', ['address', 'add', `${bridge.address}/24`, 'dev', bridge.name])
  await runTool('ip', ['link', 'set', bridge.name, 'up'])
  for (const direction of ['-i', '-o']) {
    const rule = ['FORWARD', direction, bridge.name, '-j', 'ACCEPT']
    await runTool('iptables', ['-I', ...rule])
    stack.defer(async () => void (await askTool('iptables', ['-D', ...rule])))
  }
  return stack.move()
}

/** Removes what the programs of a node leave on a machine when they have ended. `folder` has their files. */
export async function sweep(folder: string): Promise<void> {
  await endProcesses(folder)
  for (const family of ['ip', 'ip6']) await askTool('nft', ['delete', 'table', family, 'kube-proxy'])
  await removeNetworks()
  // Later ones may lie in earlier ones.
  for (const path of (await mountsBelow(folder)).reverse()) await askTool('umount', [path])
  for (const group of await podGroups()) await removeGroup(group)
  await removeLinks('/var/log/containers', folder)
}

/** Those that were started with a path of ours and outlive who started them: one for each pod. */
async function endProcesses(folder: string): Promise<void> {
  const find = async (): Promise<number[]> => {
    const ids = (await readdir('/proc')).map(Number).filter((id) => Number.isSafeInteger(id) && id !== process.pid)
    const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
    return ids.filter((_, at) => lines[at]?.includes('containerd-shim') === true && lines[at].includes(folder))
  }
  await until(
    async () => {
      const ids = await find()
      for (const id of ids) process.kill(id, 'SIGKILL')
      return ids.length === 0
    },
    { withinMs: 10_000, everyMs: 100 },
  )
}

/** Namespaces that the bridge's pods had, by the results that the plugins keep. */
async function removeNetworks(): Promise<void> {
  const results = '/var/lib/cni/results'
  for (const name of await readdir(results).catch(() => [])) {
    if (!name.startsWith(`${networkName}-`)) continue
    const text = await readFile(join(results, name), 'utf8')
    const namespace = /cni-[0-9a-f-]{36}/.exec(text)?.[0]
    if (namespace !== undefined) await askTool('ip', ['netns', 'delete', namespace])
    await rm(join(results, name))
    const container = name.slice(`${networkName}-`.length, name.lastIndexOf('-'))
    await rm(join(results, `cni-loopback-${container}-lo`), { force: true })
  }
}

async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines.map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(`${folder}/`))
}

/** Depth first, as the system asks for. */
async function removeGroup(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(folder, entry.name))
  await until(
    () =>
      rmdir(folder).then(
        () => true,
        () => !existsSync(folder),
      ),
    { withinMs: 5000, everyMs: 50 },
  )
}

async function removeLinks(parent: string, folder: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const path = join(parent, name)
    if ((await readlink(path).catch(() => '')).startsWith(folder)) await rm(path)
  }
}
