// This file and assemble-process.ts run while an image is built, where nothing but Node is there.
import { existsSync } from 'node:fs'
import { cp, link, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'

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
/**
 * Is a file of an installed package (its path below node_modules) needed where a service runs? Not its source maps, types,
 * TypeScript (Node runs none below node_modules) and documents; its licence always.
 */
export function isNeeded(path: string): boolean {
  const name = basename(path)
  return licence.test(name) || !unused.test(name)
}

/**
 * Lays out what an image holds, from a workspace in which packages of production are installed: `out/packages` has those of
 * others that the service needs, their files as links to the installed ones, and `out/own` the workspace's, with `main.ts`,
 * a link to the service's program.
 */
export async function assemble(workspace: string, service: string, out: string): Promise<void> {
  const folders = await foldersOf(workspace, service)
  for (const path of await filesOf(workspace, folders)) {
    const copy = join(out, 'packages', path)
    await mkdir(dirname(copy), { recursive: true })
    const target = await readlink(join(workspace, path)).catch(() => undefined)
    if (target !== undefined) await symlink(target, copy)
    else await link(join(workspace, path), copy)
  }
  const copy = { recursive: true, verbatimSymlinks: true } as const
  for (const folder of folders) {
    await cp(join(workspace, folder), join(out, 'own', folder), {
      ...copy,
      filter: (path) => !['.bin', 'README.md'].includes(basename(path)),
    })
  }
  await symlink(programOf(workspace, service), join(out, 'own', 'main.ts'))
}

/** Where pnpm has the packages of others: each in a folder, with links to those that it depends upon beside it. */
const store = join('node_modules', '.pnpm')

/** Files and links of all packages that these folders reach by links, as paths in the workspace. */
async function filesOf(workspace: string, folders: readonly string[]): Promise<string[]> {
  const found: string[] = []
  const reached = new Set<string>()
  const waiting = folders.map((folder) => join(folder, 'node_modules'))
  for (let modules = waiting.pop(); modules !== undefined; modules = waiting.pop()) {
    const isOfOthers = modules.startsWith(store)
    for (const entry of await entriesOf(join(workspace, modules))) {
      const path = join(modules, entry.path)
      if (isOfOthers && (entry.isLink || isNeeded(path))) found.push(path)
      if (!entry.isLink) continue
      const target = packageOf(
        relative(workspace, resolve(workspace, dirname(path), await readlink(join(workspace, path)))),
      )
      if (target === undefined || reached.has(target)) continue
      reached.add(target)
      waiting.push(join(target, 'node_modules'))
    }
  }
  return [...found, ...(await hoistedLinks(workspace, reached))]
}

/** Links that pnpm makes for packages that do not say what they depend upon, as far as they lead to what is there. */
async function hoistedLinks(workspace: string, reached: ReadonlySet<string>): Promise<string[]> {
  const hoisted = join(store, 'node_modules')
  const found: string[] = []
  for (const { path, isLink } of await entriesOf(join(workspace, hoisted))) {
    if (!isLink) continue
    const target = resolve(workspace, hoisted, dirname(path), await readlink(join(workspace, hoisted, path)))
    if (reached.has(packageOf(relative(workspace, target)) ?? '')) found.push(join(hoisted, path))
  }
  return found
}

/** `node_modules/.pnpm/a@1.0.0` of a path in it; undefined outside. */
function packageOf(path: string): string | undefined {
  return path.startsWith(store + sep) ? path.split(sep).slice(0, 3).join(sep) : undefined
}

/** Files and links below a folder; none where there is no folder. Programs' links are left out. */
async function entriesOf(folder: string): Promise<{ readonly path: string; readonly isLink: boolean }[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = relative(folder, join(entry.parentPath, entry.name))
    return entry.isDirectory() || path.split(sep).includes('.bin') ? [] : [{ path, isLink: entry.isSymbolicLink() }]
  })
}

/** The process of a service; the command where there is none. */
function programOf(workspace: string, service: string): string {
  const candidates = ['main.ts', 'cli/main.ts'].map((file) => `services/${service}/src/${file}`)
  const program = candidates.find((file) => existsSync(join(workspace, file)))
  if (program === undefined)
    throw new Error(`SERVICE is '${service}', which has no program: no ${candidates.join(', ')}`)
  return program
}
