import { connectEngine } from '../docker/engine.ts'
import { removeContainer } from '../docker/owner.ts'
import type { Environment } from '../endpoints.ts'
import { processState } from '../process/process-state.ts'
import { until } from '../process/until.ts'
import type { RunningServer } from './state.ts'

const stopTimeoutMs = 10_000

/** Does a server that `infra up` started still run? */
export async function isRunning(server: RunningServer, environment: Environment): Promise<boolean> {
  if (server.process !== undefined) return isSameProcess(server.process)
  const engine = await connectEngine(environment)
  if (engine === undefined || server.containerId === undefined) return false
  return engine.container.dockerode
    .getContainer(server.containerId)
    .inspect()
    .then(
      ({ State }) => State.Running,
      () => false,
    )
}

/** Ends a server that `infra up` started; one that is gone already is no error. */
export async function stopRunning(server: RunningServer, environment: Environment): Promise<void> {
  if (server.process !== undefined) return stopProcess(server.process)
  const engine = await connectEngine(environment)
  if (engine === undefined) throw new Error('No container engine answers, so the containers cannot be removed.')
  if (server.containerId !== undefined) await removeContainer(engine, server.containerId)
}

type KnownProcess = NonNullable<RunningServer['process']>

/** A number may have gone to another process since: the start tells. */
async function isSameProcess({ pid, startedAt }: KnownProcess): Promise<boolean> {
  const state = await processState(pid)
  return state !== undefined && !state.ended && state.startedAt === startedAt
}

async function stopProcess(known: KnownProcess): Promise<void> {
  const gone = async (): Promise<boolean> => !(await isSameProcess(known))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await gone()) return
    process.kill(known.pid, signal)
    if (await until(gone, { withinMs: stopTimeoutMs })) return
  }
  throw new Error(`Process ${known.pid} outlived SIGKILL for ${stopTimeoutMs / 1000} s.`)
}
