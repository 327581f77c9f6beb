import { join } from 'node:path'
import { readEndpoints, type Environment } from '../endpoints.ts'
import { processState } from '../process/process-state.ts'
import { startAll } from '../process/start-all.ts'
import { chooseRoad } from '../road.ts'
import { startServer, wantedServers, type Started } from '../servers.ts'
import { developerFolder, writeState, type RunningServer, type State } from './state.ts'

/** Starts the servers that the environment does not name, so that they go on after this process. */
export async function up(environment: Environment): Promise<State> {
  const wanted = wantedServers(environment)
  const road = await chooseRoad(environment, wanted)
  const { started } = await startAll<Started>(
    wanted.map(
      (kind) => () => startServer[kind]({ road, folder: join(developerFolder(), 'data', kind), outlivesUs: true }),
    ),
  )
  const servers = await Promise.all(started.map(release))
  const given = Object.values(readEndpoints(environment))
  const variables: State['variables'] = Object.assign({}, ...given, ...started.map((server) => server.variables))
  const state = { variables, servers }
  await writeState(state)
  return state
}

/** Lets a server go on after this process and says how it is found again. */
async function release({ kind, server }: Started): Promise<RunningServer> {
  const { pid } = server
  const startedAt = (await processState(pid))?.startedAt ?? ''
  server.release()
  return { kind, process: { pid, startedAt } }
}
