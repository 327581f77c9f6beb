import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../obtain/cache.ts'
import { canInstallPackages, installPackages } from '../obtain/debian-packages.ts'
import { askTool, runTool } from '../obtain/run-tool.ts'
import { serverFolder } from '../process/server-folder.ts'
import { ServerProcess } from '../process/server-process.ts'

const packages = ['docker.io', 'debootstrap', 'iptables', 'iproute2']

export interface OwnEngine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string
}

/**
 * Starts a Docker engine for as long as it is needed, with its images in the cache folder. Debian's packages are
 * installed where they are missing.
 * @throws Error when this is not root on Debian, or the system lets no engine run.
 */
export async function startOwnEngine(): Promise<OwnEngine> {
  if (!canInstallPackages()) throw new Error('only root on Debian can start one')
  if (!(await isInstalled())) await installPackages(packages, isInstalled)
  const data = join(cacheFolder(), 'docker')
  await mkdir(data, { recursive: true })
  const forwarding = await forwardPolicy()
  // Paths of sockets must be short.
  const folder = await serverFolder('docker')
  const host = `unix://${join(folder, 'docker.sock')}`
  const server = await ServerProcess.start({
    name: 'Docker',
    command: 'dockerd',
    args: ['--data-root', data, '--exec-root', join(folder, 'run'), '--pidfile', join(folder, 'pid'), '-H', host],
    folder,
    ownsFolder: false,
    isReady: (log) => log.includes('API listen on'),
    startTimeoutMs: 60_000,
  })
  return {
    host,
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      // Once a container has had the host's network it stays mounted here, and the folder could not be removed.
      await askTool('umount', [join(folder, 'run', 'netns', 'default')])
      // The engine sets it to DROP and leaves it so, which cuts off other network namespaces.
      if (forwarding !== undefined) await runTool('iptables', ['-P', 'FORWARD', forwarding])
    },
  }
}

async function isInstalled(): Promise<boolean> {
  const tools = ['dockerd', 'debootstrap', 'iptables'].map((tool) => askTool(tool, ['--version']))
  return (await Promise.all(tools)).every((version) => version !== undefined)
}

async function forwardPolicy(): Promise<string | undefined> {
  return /^-P FORWARD (\w+)/m.exec((await askTool('iptables', ['-S', 'FORWARD'])) ?? '')?.[1]
}
