// npm run check:cluster -- [--binaries DIR | --kubeconfig FILE [--binaries DIR]] [--part simulated ...]
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { say } from '@rapport/infra'
import { controlPlane, findBinaries, simulatedNodes, type Binaries } from './cluster/binaries.ts'
import { startControlPlane, useCluster, type Cluster } from './cluster/control-plane.ts'
import { toPage } from './page.ts'
import { checkSimulated } from './simulated/check-simulated.ts'
import { Transcript } from './transcript.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const usage = `usage: npm run check:cluster -- [--binaries DIR] [--part simulated ...]
       npm run check:cluster -- --kubeconfig FILE [--binaries DIR]
The first starts a Kubernetes of its own out of the programs in DIR, or of this machine's; with all parts it writes
docs/cluster-check.md. The second uses a cluster that is there, and adds simulated nodes to it while it runs.`
const parts = ['simulated']

const { values } = parseArgs({
  options: {
    binaries: { type: 'string' },
    kubeconfig: { type: 'string' },
    part: { type: 'string', multiple: true },
  },
})
const chosen = values.part ?? parts
const isSound = chosen.every((part) => parts.includes(part))
const owned = new AsyncDisposableStack()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void owned.disposeAsync().finally(() => process.exit(130)))

if (isSound) {
  process.exitCode = await check().catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error))
    return 2
  })
  await owned.disposeAsync()
} else {
  say(usage)
  process.exitCode = 2
}

async function check(): Promise<number> {
  const transcript = new Transcript(say)
  const needed = [...(values.kubeconfig === undefined ? controlPlane : (['kubectl'] as const)), ...simulatedNodes]
  const binaries = findBinaries(needed, values.binaries)
  const cluster = await obtainCluster(binaries)
  if (chosen.includes('simulated')) await checkSimulated({ binaries, cluster, root, transcript })
  if (values.kubeconfig === undefined && chosen.length === parts.length)
    await writeFile(join(root, 'docs', 'cluster-check.md'), await toPage(transcript, binaries))
  return transcript.failed === 0 ? 0 : 1
}

async function obtainCluster(binaries: Binaries): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-cluster-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  if (values.kubeconfig !== undefined) return useCluster(binaries, values.kubeconfig, folder)
  return owned.use(await startControlPlane(binaries, folder))
}
