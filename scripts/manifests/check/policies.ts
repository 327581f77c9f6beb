import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withScratch } from '../../../test/infra/src/obtain/cache.ts'
import { runTool } from '../../../test/infra/src/obtain/run-tool.ts'
import { obtainTrivy } from '../../../test/infra/src/obtain/trivy.ts'
import { isCoreKind } from './core-kinds.ts'
import type { KubeObject } from './objects.ts'

interface Allowance {
  /** Of the scanner's check. */
  readonly id: string
  /** The files in which it may be found. */
  readonly files: RegExp
  readonly reason: string
}

/** What the scanner finds and is meant to be so. */
const allowances: readonly Allowance[] = [
  {
    id: 'KSV011',
    files: /^k8s\//,
    reason: 'a limit of processor time throttles; requests and priorities share it out',
  },
  {
    id: 'KSV116',
    files: /^k8s\//,
    reason: 'asks every object for groups, those without pods too; pods.ts asks those that have them',
  },
  {
    id: 'AVD-KSV-01010',
    files: /\/ConfigMap-rapport-keda\.json$/,
    reason: 'the name of a Kafka user beside its mechanism; the password is in the secret that Strimzi makes',
  },
  {
    id: 'DS026',
    files: /^docker\//,
    reason: 'Kubernetes probes and Compose checks from outside; the images have no shell to run a check in',
  },
]

/** Faults that are certain to be found: when one is not, the scan reads nothing. */
const planted: Readonly<Record<string, readonly [id: string, content: string]>> = {
  'planted/pod.json': [
    'KSV017',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'planted' },
      spec: { containers: [{ name: 'planted', image: 'planted:1', securityContext: { privileged: true } }] },
    }),
  ],
  'planted/Dockerfile': ['DS002', 'FROM planted:1\nUSER root\n'],
}

/** Of Trivy's report: a file and what was found in it. */
interface Found {
  readonly Target: string
  readonly Misconfigurations?: readonly { readonly ID: string; readonly Title: string; readonly Message: string }[]
}

/**
 * What Trivy finds in objects (by combination) and in the Dockerfiles that are delivered, less what is allowed; and what is
 * allowed and found no more. Custom resources are left out: the scanner knows none.
 *
 * @throws Error when Trivy cannot be had.
 */
export async function scanPolicies(
  root: string,
  combinations: ReadonlyMap<string, readonly KubeObject[]>,
): Promise<readonly string[]> {
  const trivy = await obtainTrivy()
  return await withScratch(async (scratch) => {
    const put = async (path: string, content: string): Promise<void> => {
      await mkdir(dirname(join(scratch, 'scan', path)), { recursive: true })
      await writeFile(join(scratch, 'scan', path), content)
    }
    for (const [path, content] of distinctFiles(combinations)) await put(path, content)
    const dockerfiles = (await readdir(join(root, 'docker'))).filter((name) => /Dockerfile/.test(name))
    for (const name of dockerfiles) await put(`docker/${name}`, await readFile(join(root, 'docker', name), 'utf8'))
    for (const [path, [, content]] of Object.entries(planted)) await put(path, content)
    const report = join(scratch, 'report.json')
    const options = ['--quiet', '--skip-policy-update', '--cache-dir', join(scratch, 'cache'), '--format', 'json']
    await runTool(trivy, ['config', ...options, '--output', report, join(scratch, 'scan')])
    const { Results: results } = JSON.parse(await readFile(report, 'utf8')) as { Results?: readonly Found[] }
    return readFindings(results ?? [])
  })
}

/** A file for each object, named for the first combination that has it: overlays share most of them. */
function distinctFiles(combinations: ReadonlyMap<string, readonly KubeObject[]>): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const [combination, objects] of combinations)
    for (const object of objects.filter(isCoreKind)) {
      const content = JSON.stringify(object)
      if (!paths.has(content)) paths.set(content, `${combination}/${object.kind}-${object.metadata.name}.json`)
    }
  return new Map([...paths].map(([content, path]) => [path, content]))
}

/** Problems out of what was found where. */
export function readFindings(results: readonly Found[]): readonly string[] {
  const found = results.flatMap(({ Target: path, Misconfigurations: each = [] }) =>
    each.map(({ ID: id, Title: title, Message: message }) => ({
      path,
      id,
      text: `${path}: ${id} ${title}. ${message}`,
    })),
  )
  const blind = Object.entries(planted)
    .filter(([path, [id]]) => !found.some((each) => each.path === path && each.id === id))
    .map(([path, [id]]) => `${id} was not found in ${path}, where it was planted: the scan reads nothing`)
  const own = found.filter(({ path }) => !(path in planted))
  const allows = (allowance: Allowance, { id, path }: { readonly id: string; readonly path: string }): boolean =>
    allowance.id === id && allowance.files.test(path)
  return [
    ...blind,
    ...own.filter((each) => !allowances.some((allowance) => allows(allowance, each))).map(({ text }) => text),
    ...allowances
      .filter((allowance) => !own.some((each) => allows(allowance, each)))
      .map(({ id, files }) => `${id} is allowed in ${files.source} and found nowhere there`),
  ]
}
