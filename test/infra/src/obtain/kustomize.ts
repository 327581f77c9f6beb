import { join } from 'node:path'
import { cached, cacheFolder, withScratch } from './cache.ts'
import { askTool, runTool, say } from './run-tool.ts'

const version = '5.5.0'
const entry = `kustomize-${version}`

/** Programs that render a kustomization, and how; the first that can be run is taken. The last is what was obtained. */
export const kustomizePrograms: readonly (readonly [program: string, args: readonly string[]])[] = [
  ['kubectl', ['kustomize']],
  ['kustomize', ['build']],
  [join(cacheFolder(), entry, 'kustomize'), ['build']],
]

/** Builds kustomize from its source once, where the machine has no program that renders. @throws Error without Go. */
export async function obtainKustomize(): Promise<void> {
  for (const [program] of kustomizePrograms) if ((await askTool(program, ['--help'])) !== undefined) return
  if ((await askTool('go', ['version'])) === undefined)
    throw new Error(
      `Manifests are rendered by kubectl or kustomize, or by kustomize ${version} that Go builds: all are missing.`,
    )
  await cached(entry, async (folder) => {
    say(`Building kustomize ${version} (once, about a minute)…`)
    await withScratch(async (scratch) => {
      await runTool('go', ['install', '-modcacherw', `sigs.k8s.io/kustomize/kustomize/v5@v${version}`], {
        cwd: scratch,
        env: {
          ...process.env,
          GOPATH: join(scratch, 'go'),
          GOMODCACHE: join(scratch, 'go', 'pkg', 'mod'),
          GOCACHE: join(scratch, 'build'),
          GOBIN: folder,
          CGO_ENABLED: '0',
        },
      })
    })
  })
}
