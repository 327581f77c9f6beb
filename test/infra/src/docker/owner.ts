import { hostname } from 'node:os'
import { isAlive } from '../process/process-state.ts'
import type { Engine } from './engine.ts'

const ownerLabel = 'rapport.infra.owner'

/** Labels that say whose a container is, so that it can be removed when its owner is gone. */
export function ownerLabels(outlivesUs: boolean): Record<string, string> {
  return { [ownerLabel]: outlivesUs ? 'infra up' : `${hostname()} ${process.pid}` }
}

/** Removes the containers of processes of this machine that were killed before they could do so themselves. */
export async function removeOrphans(engine: Engine): Promise<number> {
  const { dockerode } = engine.container
  const all = await dockerode.listContainers({ all: true, filters: { label: [ownerLabel] } })
  const orphans = all.filter(({ Labels }) => isOrphan(Labels[ownerLabel] ?? ''))
  await Promise.all(orphans.map(({ Id }) => removeContainer(engine, Id)))
  return orphans.length
}

/** Ends and removes a container with its volumes; one that is gone already is no error. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  try {
    await engine.container.dockerode.getContainer(id).remove({ force: true, v: true })
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number }
    // 404: gone. 409: another process is removing it.
    if (statusCode !== 404 && statusCode !== 409) throw error
  }
}

function isOrphan(owner: string): boolean {
  const [host, pid] = owner.split(' ')
  return host === hostname() && !isAlive(Number(pid))
}
