// Renders every overlay and combination of k8s and checks it: shapes by the API's description and the schemas of the custom
// resources, against the code whatever it says of the services, and by a policy scanner (docs in k8s/README.md).
import { join } from 'node:path'
import { obtainKustomize } from '../test/infra/src/obtain/kustomize.ts'
import { checkCombination, readContext } from './manifests/check/check-combination.ts'
import { scanPolicies } from './manifests/check/policies.ts'
import { combinations, render } from './manifests/check/render.ts'

const root = join(import.meta.dirname, '..')
const context = readContext(root)
let failed = 0

function report(what: string, problems: readonly string[]): void {
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}`)
  for (const problem of problems) console.log(`       ${problem}`)
  if (problems.length > 0) failed += 1
}

await obtainKustomize()
const rendered = new Map(combinations(root).map((folder) => [folder, render(join(root, folder))]))
for (const [folder, objects] of rendered)
  report(`${folder}: ${objects.length} objects`, checkCombination(objects, context))
report('policies (Trivy)', await scanPolicies(root, rendered))
process.exitCode = failed === 0 ? 0 : 1
