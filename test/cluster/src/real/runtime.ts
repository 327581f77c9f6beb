import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runTool } from '@rapport/infra'
import type { Binaries } from '../cluster/binaries.ts'
import { startProgram } from '../cluster/program.ts'
import { bridge, networkName } from './host.ts'

/** Where the plugins lie, by distribution. */
const pluginFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']

/** containerd, with a network for pods on the bridge. */
export interface Runtime extends AsyncDisposable {
  readonly socket: string
  /** Takes images out of an archive of `docker save`. */
  importImages(archive: string): Promise<void>
  /** Number of the process that a pod's container runs, on this machine. */
  processOf(containerId: string): Promise<number>
  /** Ends whatever still runs. */
  endAll(): Promise<void>
}

export async function startRuntime(binaries: Binaries, folder: string, pause: string): Promise<Runtime> {
  if (!pluginFolders.some((one) => existsSync(join(one, 'bridge'))))
    throw new Error(`Absent from this machine: the plugins for containers’ networks (${pluginFolders.join(', ')}).`)
  const socket = join(folder, 'containerd.sock')
  const network = join(folder, 'network')
  await mkdir(network, { recursive: true })
  await writeFile(join(network, 'pods.conflist'), JSON.stringify(podNetwork(folder)))
  const config = join(folder, 'containerd.toml')
  await writeFile(config, runtimeConfig(folder, { socket, network, pause }))
  const ctr = (...args: string[]): Promise<string> =>
    runTool(binaries['ctr'] ?? '', ['-a', socket, '-n', 'k8s.io', ...args])
  const server = await startProgram(folder, {
    name: 'containerd',
    path: binaries['containerd'] ?? '',
    args: ['--config', config],
    // It looks for its shim and for runc there.
    env: { PATH: `${dirname(binaries['containerd-shim-runc-v2'] ?? '')}:${process.env['PATH'] ?? ''}` },
    isReady: () =>
      ctr('version').then(
        () => true,
        () => false,
      ),
  })
  const tasks = async (): Promise<readonly (readonly string[])[]> =>
    (await ctr('tasks', 'list'))
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/\s+/))
  return {
    socket,
    async importImages(archive) {
      await ctr('images', 'import', archive)
    },
    async processOf(containerId) {
      const pid = Number((await tasks()).find(([id]) => id === containerId)?.[1])
      if (!Number.isSafeInteger(pid) || pid <= 0) throw new Error(`container ${containerId} does not run`)
      return pid
    },
    async endAll() {
      for (const [id = ''] of await tasks()) await ctr('tasks', 'kill', '-s', 'SIGKILL', id).catch(() => undefined)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function runtimeConfig(
  folder: string,
  { socket, network, pause }: { readonly socket: string; readonly network: string; readonly pause: string },
): string {
  return `version = 3
root = "${join(folder, 'containerd-root')}"
state = "${join(folder, 'containerd-state')}"
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${pause}"
[plugins.'io.containerd.cri.v1.runtime']
  # Where this process may not lower such a score, its children must not try.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ${JSON.stringify(pluginFolders)}
    conf_dir = "${network}"
`
}

const podNetwork = (folder: string) => ({
  cniVersion: '1.0.0',
  name: networkName,
  plugins: [
    {
      type: 'bridge',
      bridge: bridge.name,
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(folder, 'addresses'),
        ranges: [[{ subnet: bridge.range, gateway: bridge.address }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
})
