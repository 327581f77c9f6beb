import { cpus, totalmem } from 'node:os'
import { runTool } from '@rapport/infra'
import type { Binaries } from './cluster/binaries.ts'
import type { Transcript } from './transcript.ts'

/** How each program is asked for its version. */
const flags: Readonly<Record<string, string>> = {
  'kube-apiserver': '--version',
  etcd: '--version',
  kwok: '--version',
}

/** The page in `docs`. */
export async function toPage({ lines, failed }: Transcript, binaries: Binaries): Promise<string> {
  const asked = Object.entries(flags).filter(([name]) => name in binaries)
  const versions = await Promise.all(
    asked.map(async ([name, flag]) => `${name} ${versionIn(await runTool(binaries[name] ?? '', [flag]))}`),
  )
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GB`
  return [
    '# On a real Kubernetes',
    '',
    '<!-- Written by `npm run check:cluster -- --binaries DIR`. -->',
    '',
    `The last run of \`npm run check:cluster\` ([what it needs](../k8s/README.md#on-a-real-kubernetes)), on ${cpus().length} processors and ${memory} that others used as well: ${failed === 0 ? 'nothing failed' : `${failed} failed`}.`,
    '',
    `${[...versions, `Node ${process.versions.node}`].join(', ')}.`,
    '',
    '```',
    ...lines.slice(1),
    '```',
    '',
  ].join('\n')
}

const versionIn = (text: string): string => /v?\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of unknown version'
