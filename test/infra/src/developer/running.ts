import { processState } from '../process/process-state.ts'
import { until } from '../process/until.ts'
import type { RunningServer } from './state.ts'

const stopTimeoutMs = 10_000

/** Does a server that `infra up` started still run? Its number may have gone to another process since: the start tells. */
export async function isRunning({ process: { pid, startedAt } }: RunningServer): Promise<boolean> {
  const state = await processState(pid)
  return state !== undefined && !state.ended && state.startedAt === startedAt
}

/** Ends a server that `infra up` started; one that is gone already is no error. */
export async function stopRunning(server: RunningServer): Promise<void> {
  const { pid } = server.process
  const gone = async (): Promise<boolean> => !(await isRunning(server))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await gone()) return
    process.kill(pid, signal)
    if (await until(gone, { withinMs: stopTimeoutMs })) return
  }
  throw new Error(`Process ${pid} outlived SIGKILL for ${stopTimeoutMs / 1000} s.`)
}
