import { readFile } from 'node:fs/promises'
import { guard } from '../process/guard.ts'
import { processStateNow } from '../process/process-state.ts'
import { logName, type Run } from '../process/run-child.ts'
import type { ServerSpec } from '../process/server-process.ts'
import { until } from '../process/until.ts'
import type { Engine } from './engine.ts'
import { ownerLabels, removeContainer } from './owner.ts'

/** A server's program and all that it needs. */
export interface ServerImage {
  readonly engine: Engine
  readonly name: string
}

/**
 * Runs a server in a container that shares with this machine what a test has to reach: the network, so that configurations
 * are the same as without a container and servers find each other; the folder, at the same path and with the same owner; and,
 * as it runs as our user, its process, which takes our signals and goes with the guard. The engine removes it when it ends.
 */
export async function runContainer(spec: ServerSpec, { engine, name: image }: ServerImage): Promise<Run> {
  const { name, command, args, env = {}, folder } = spec
  try {
    const container = await engine.container.create({
      Image: image,
      Labels: ownerLabels(spec.outlivesUs ?? false),
      User: `${process.getuid?.()}:${process.getgid?.()}`,
      WorkingDir: folder,
      Env: Object.entries(env).map(([variable, value]) => `${variable}=${value}`),
      Entrypoint: ['/bin/sh', '-c', `exec "$0" "$@" >>${logName} 2>&1`],
      Cmd: [command, ...args],
      HostConfig: {
        NetworkMode: 'host',
        Binds: [`${folder}:${folder}`],
        AutoRemove: true,
        // Where SELinux is on, a container may not read a folder that carries no label for it.
        SecurityOpt: ['label=disable'],
      },
    })
    try {
      await engine.container.start(container)
      return await findRun(container)
    } catch (error) {
      await removeContainer(engine, container.id)
      throw error
    }
  } catch (cause) {
    throw new Error(`${name} could not be run in a container of ${image}: ${command}`, { cause })
  }
}

type Container = Awaited<ReturnType<Engine['container']['create']>>

async function findRun(container: Container): Promise<Run> {
  let pid = 0
  // One that ends at once is gone for a moment before the engine knows. Else the number is another machine's or PID namespace's.
  const isKnown = await until(
    async () => {
      pid = await pidOf(container)
      return pid === 0 || isPidOf(container, pid)
    },
    { withinMs: 2_000, everyMs: 10 },
  )
  if (!isKnown) throw new Error('the engine runs its containers where this process cannot see them')
  if (pid === 0) return { pid, running: false }
  const startedAt = processStateNow(pid)?.startedAt
  guard().watch(pid)
  return {
    pid,
    get running() {
      // One that has ended stays listed, its threads perhaps with open ports, until the engine has waited for all of it.
      const still = processStateNow(pid)?.startedAt === startedAt
      if (!still) guard().forget(pid)
      return still
    },
  }
}

/** 0 when it does not run. */
async function pidOf(container: Container): Promise<number> {
  return container.inspect().then(
    ({ State }) => State.Pid,
    (error: { readonly statusCode?: number }) => {
      if (error.statusCode === 404) return 0
      throw error
    },
  )
}

async function isPidOf({ id }: Container, pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')).includes(id)
}
