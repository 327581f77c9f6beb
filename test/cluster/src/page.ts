import { cpus, totalmem } from 'node:os'
import { runTool } from '@rapport/infra'
import type { Binaries } from './cluster/binaries.ts'
import { countFailed, type Transcript } from './transcript.ts'

/** How each program is asked for its version. */
const flags: Readonly<Record<string, string>> = {
  'kube-apiserver': '--version',
  etcd: '--version',
  kwok: '--version',
  kubelet: '--version',
  containerd: '--version',
  runc: '--version',
  coredns: '-version',
}

const head = `# On a real Kubernetes

<!-- Written by \`npm run check:cluster -- --binaries DIR\`, a section by each of its parts. -->

What \`npm run check:cluster\` ([what it needs and does](../k8s/README.md#on-a-real-kubernetes)) saw in the last run of each part.
`

/** The page in `docs`, with the sections that were looked at in place of what it had under their titles. */
export function updatePage(page: string, transcript: Transcript, circumstances: string): string {
  const stands = page.split(/^(?=## )/m).slice(1)
  const sections = new Map(stands.map((text) => [text.slice(3, text.indexOf('\n')), text.trimEnd()]))
  for (const [title, lines] of transcript.sections) {
    const failed = countFailed(lines)
    const outcome = failed === 0 ? 'Nothing failed.' : `${failed} of ${lines.length} failed.`
    sections.set(title, `## ${title}\n\n${circumstances} ${outcome}\n\n\`\`\`\n${lines.join('\n')}\n\`\`\``)
  }
  return `${[head.trimEnd(), ...sections.values()].join('\n\n')}\n`
}

/** The machine and the versions. */
export async function describeRun(binaries: Binaries): Promise<string> {
  const asked = Object.entries(flags).filter(([name]) => name in binaries)
  const versions = await Promise.all(
    asked.map(async ([name, flag]) => `${name} ${versionIn(await runTool(binaries[name] ?? '', [flag]))}`),
  )
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GB`
  return `${cpus().length} processors and ${memory}, which others used as well; ${[...versions, `Node ${process.versions.node}`].join(', ')}.`
}

const versionIn = (text: string): string => /v?\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'of unknown version'
