// This file and assemble-process.ts run while an image is built, where nothing but Node is there.
import { existsSync } from 'node:fs'
import { cp, lstat, readdir, readFile, symlink } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/**
 * Folders of the workspace (`packages/core`) that a service runs with: its own, and those of all packages that it depends
 * upon, in alphabetical order.
 * @throws Error when the workspace has no such service.
 */
export async function foldersOf(workspace: string, service: string): Promise<string[]> {
  const packages = await readPackages(workspace)
  const start = `services/${service}`
  const found = new Set<string>()
  const waiting = [start]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (found.has(folder)) continue
    const manifest = packages.get(folder)
    if (manifest === undefined) throw new Error(`SERVICE is '${service}', but there is no ${folder}/package.json`)
    found.add(folder)
    const names = new Set(Object.keys(manifest.dependencies ?? {}))
    for (const [other, { name }] of packages) if (names.has(name)) waiting.push(other)
  }
  return [...found].sort()
}

async function readPackages(workspace: string): Promise<Map<string, Manifest>> {
  const packages = new Map<string, Manifest>()
  for (const group of ['packages', 'services']) {
    for (const name of await readdir(join(workspace, group))) {
      const file = join(workspace, group, name, 'package.json')
      if (existsSync(file)) packages.set(`${group}/${name}`, JSON.parse(await readFile(file, 'utf8')) as Manifest)
    }
  }
  return packages
}

const licence = /^(licen[cs]e|notice|copying|copyright|authors)/i
const unused = /\.(map|[cm]?ts|tsx|flow|md|markdown)$/i
/** What pnpm keeps for itself. */
const records = new Set(['.modules.yaml', '.pnpm-workspace-state-v1.json', '.pnpm/lock.yaml'])

/**
 * Is a file of an installed package (its path below node_modules) needed where a service runs? Not its source maps, types,
 * TypeScript (Node runs none below node_modules) and documents; its licence always.
 */
export function isNeeded(path: string): boolean {
  const name = basename(path)
  return licence.test(name) || !(unused.test(name) || records.has(path))
}

/**
 * Lays out what an image holds, from a workspace in which the service's packages of production are installed:
 * `out/packages` has those of others, `out/own` the workspace's, with `main.ts`, a link to the service's program.
 */
export async function assemble(workspace: string, service: string, out: string): Promise<void> {
  const folders = await foldersOf(workspace, service)
  const copy = { recursive: true, verbatimSymlinks: true } as const
  const installed = join(workspace, 'node_modules')
  await cp(installed, join(out, 'packages', 'node_modules'), {
    ...copy,
    filter: async (path) => {
      if (basename(path) === '.bin') return false
      // Folders and links may be called like files.
      return !(await lstat(path)).isFile() || isNeeded(relative(installed, path))
    },
  })
  for (const folder of folders) {
    await cp(join(workspace, folder), join(out, 'own', folder), {
      ...copy,
      filter: (path) => !['.bin', 'README.md'].includes(basename(path)),
    })
  }
  await symlink(programOf(workspace, service), join(out, 'own', 'main.ts'))
}

/** The process of a service; the command where there is none. */
function programOf(workspace: string, service: string): string {
  const candidates = ['main.ts', 'cli/main.ts'].map((file) => `services/${service}/src/${file}`)
  const program = candidates.find((file) => existsSync(join(workspace, file)))
  if (program === undefined)
    throw new Error(`SERVICE is '${service}', which has no program: no ${candidates.join(', ')}`)
  return program
}
