// Renders every overlay and combination of k8s and checks it: shapes by the API's description and the schemas of the custom
// resources, and against the code whatever it says of the services (docs in k8s/README.md).
import { join } from 'node:path'
import { checkCombination, readContext } from './manifests/check/check-combination.ts'
import { combinations, render } from './manifests/check/render.ts'

const root = join(import.meta.dirname, '..')
const context = readContext(root)

let failed = 0
for (const folder of combinations(root)) {
  const objects = render(join(root, folder))
  const problems = checkCombination(objects, context)
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${folder}: ${objects.length} objects`)
  for (const problem of problems) console.log(`       ${problem}`)
  if (problems.length > 0) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
