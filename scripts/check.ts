// The static gates, one after another; every gate runs, and the first exit status that is not 0 is kept.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readReferences, type BaseReference } from '../test/images/src/base-references.ts'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

interface Gate {
  readonly name: string
  readonly run: () => string | undefined
}

function command(name: string, args: readonly string[]): () => string | undefined {
  return () => {
    const result = spawnSync(bin(name), args, { cwd: root, encoding: 'utf8' })
    return result.status === 0 ? undefined : `${result.stdout}${result.stderr}`
  }
}

interface CruiseResult {
  readonly modules: readonly {
    readonly source: string
    readonly dependencies: readonly { readonly resolved: string }[]
  }[]
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string }
      readonly from: string
      readonly to: string
    }[]
  }
}

/** An edge that is certain to exist: when it is not seen, the check of the direction has gone blind. */
const knownEdge = { from: 'packages/messaging/src/event-log.ts', to: 'packages/contracts/src/index.ts' }

function direction(): string | undefined {
  const result = spawnSync(bin('depcruise'), ['packages', 'services', 'test', '--output-type', 'json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
  })
  if (result.stdout === '') return result.stderr
  const cruise = JSON.parse(result.stdout) as CruiseResult
  const seen = cruise.modules
    .find(({ source }) => source === knownEdge.from)
    ?.dependencies.some(({ resolved }) => resolved === knownEdge.to)
  if (seen !== true) return `the known edge ${knownEdge.from} -> ${knownEdge.to} was not seen: the check reads nothing`
  const lines = cruise.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)
  return lines.length === 0 ? undefined : lines.join('\n')
}

/** The lock file names packages, never the host they came from. */
function lockfile(): string | undefined {
  const hosts = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').match(/https?:\/\/[^\s'"]+/g) ?? []
  return hosts.length === 0 ? undefined : `pnpm-lock.yaml names hosts: ${hosts.slice(0, 5).join(', ')}`
}

const bases = await readReferences(root).catch((error: Error) => error)

/** A base without a digest is said to be so; only somebody who reaches a registry can pin it. */
function describeBases(references: readonly BaseReference[] | Error): string {
  if (references instanceof Error) return 'base images'
  const unpinned = references.filter(({ digest }) => digest === undefined).map(({ image }) => image)
  return `base images (${unpinned.length === 0 ? 'pinned' : `unpinned: ${[...new Set(unpinned)].join(', ')}`})`
}

const gates: readonly Gate[] = [
  { name: 'format (oxfmt)', run: command('oxfmt', ['--check', '.']) },
  { name: 'lint (oxlint)', run: command('oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'types (tsc)', run: command('tsc', ['-p', '.']) },
  { name: 'direction (dependency-cruiser)', run: direction },
  { name: 'unused (knip)', run: command('knip', []) },
  { name: 'generated documents', run: command('node', ['scripts/generate-docs.ts', '--check']) },
  { name: 'lock file', run: lockfile },
  { name: describeBases(bases), run: () => (bases instanceof Error ? bases.message : undefined) },
]

let failed = 0
for (const { name, run } of gates) {
  const started = performance.now()
  const problem = run()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} ${seconds} s`)
  if (problem === undefined) continue
  failed += 1
  console.log(problem.trimEnd())
}
process.exitCode = failed === 0 ? 0 : 1
