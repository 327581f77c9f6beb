// Makes dist/: JavaScript and declarations, with the contracts' declarations beside them, so that the package stands alone.
import { spawnSync } from 'node:child_process'
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const here = import.meta.dirname
const dist = join(here, 'dist')
await rm(dist, { recursive: true, force: true })

const tsc = join(here, '..', '..', 'node_modules', '.bin', 'tsc')
const built = spawnSync(tsc, ['-p', join(here, 'tsconfig.build.json')], { stdio: 'inherit' })
if (built.status !== 0) process.exit(1)

const contracts = join(dist, 'contracts', 'src', 'index.js')
for await (const file of glob('**/*.{js,d.ts}', { cwd: dist })) {
  const path = join(dist, file)
  const text = await readFile(path, 'utf8')
  const target = relative(dirname(path), contracts).replaceAll('\\', '/')
  const linked = text
    .replaceAll("'@rapport/contracts'", `'${target.startsWith('.') ? target : `./${target}`}'`)
    .replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'")
  if (linked !== text) await writeFile(path, linked)
}
