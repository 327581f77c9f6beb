// npm run check:cluster -- [--binaries DIR | --kubeconfig FILE [--binaries DIR]] [--part simulated|real ...] [--images FILE]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { say } from '@rapport/infra'
import { controlPlane, findBinaries, realNode, simulatedNodes, type Binaries } from './cluster/binaries.ts'
import { startControlPlane, useCluster, type Cluster } from './cluster/control-plane.ts'
import { describeRun, updatePage } from './page.ts'
import { checkReal } from './real/check-real.ts'
import { checkSimulated } from './simulated/check-simulated.ts'
import { Transcript } from './transcript.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const usage = `usage: npm run check:cluster -- [--binaries DIR] [--part simulated|real ...] [--images FILE]
       npm run check:cluster -- --kubeconfig FILE [--binaries DIR]
The first starts a Kubernetes of its own out of the programs in DIR, or of this machine's, and writes what it sees into
docs/cluster-check.md. The second uses a cluster that is there, and adds simulated nodes to it while it runs.`
const parts = ['simulated', 'real']

const { values } = parseArgs({
  options: {
    binaries: { type: 'string' },
    kubeconfig: { type: 'string' },
    images: { type: 'string' },
    part: { type: 'string', multiple: true },
  },
})
const chosen = values.part ?? (values.kubeconfig === undefined ? parts : ['simulated'])
const isGivenCluster = values.kubeconfig !== undefined
const isSound = chosen.every((part) => parts.includes(part)) && !(isGivenCluster && chosen.includes('real'))
const owned = new AsyncDisposableStack()
/** What was started ends first. */
const leave = (status: number): void => void owned.disposeAsync().finally(() => process.exit(status))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(130))
process.once('uncaughtException', (thrown) => {
  say(thrown.stack ?? thrown.message)
  leave(2)
})

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
  const needed = [
    ...(isGivenCluster ? (['kubectl'] as const) : controlPlane),
    ...(chosen.includes('simulated') ? simulatedNodes : []),
    ...(chosen.includes('real') ? realNode : []),
  ]
  const binaries = findBinaries(needed, values.binaries)
  const cluster = await obtainCluster(binaries)
  const options = { binaries, cluster, root, transcript, owned }
  if (chosen.includes('simulated')) await checkSimulated(options)
  if (chosen.includes('real')) await checkReal({ ...options, archive: values.images })
  if (!isGivenCluster) await writePage(transcript, binaries)
  return transcript.failed === 0 ? 0 : 1
}

async function writePage(transcript: Transcript, binaries: Binaries): Promise<void> {
  const file = join(root, 'docs', 'cluster-check.md')
  const before = await readFile(file, 'utf8').catch(() => '')
  await writeFile(file, updatePage(before, transcript, await describeRun(binaries)))
}

async function obtainCluster(binaries: Binaries): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-cluster-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  if (values.kubeconfig !== undefined) return useCluster(binaries, values.kubeconfig, folder)
  return owned.use(await startControlPlane(binaries, folder))
}
