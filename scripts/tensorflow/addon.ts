import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readlink, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runTool, say } from '../../test/infra/src/obtain/run-tool.ts'

const resolve = createRequire(new URL('../../packages/deep/package.json', import.meta.url)).resolve
const addonPackage = dirname(resolve('@tensorflow/tfjs-node-gpu/package.json'))
const headers = join(dirname(resolve('node-api-headers/package.json')), 'include')

const libraryLink = join(addonPackage, 'deps', 'lib')
// The package looks for Node-API versions up to 8 alone.
const addonFolder = join(addonPackage, 'lib', 'napi-v8')
const addon = join(addonFolder, 'tfjs_binding.node')

/** The library folder that the addon is linked to, or undefined when addon or library are not there. */
export async function linkedLibrary(): Promise<string | undefined> {
  if (!existsSync(addon) || !existsSync(join(libraryLink, 'libtensorflow_cc.so.2'))) return undefined
  return dirname(await readlink(libraryLink))
}

/**
 * Links the package to the library and compiles its addon from the package's own sources. Only files are added: those of
 * the package may be hard links into pnpm's store.
 */
export async function linkAddon(library: string): Promise<void> {
  if ((await linkedLibrary()) === library) return
  await replaceLink(join(library, 'tensorflow'))
  if (existsSync(addon)) return
  say('Compiling the addon of TensorFlow.js (once an installation, about 10 seconds)…')
  await mkdir(addonFolder, { recursive: true })
  const scratch = await mkdtemp(join(addonFolder, 'unfinished-'))
  try {
    const compiled = join(scratch, 'tfjs_binding.node')
    await runTool('g++', [...compilerArguments(library), '-o', compiled], { cwd: addonPackage })
    await rename(compiled, addon)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function compilerArguments(library: string): string[] {
  const flags = '-std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -Wl,-rpath,$ORIGIN/../../deps/lib'.split(' ')
  const includes = [`-I${headers}`, `-I${join(library, 'tensorflow', 'include')}`]
  const sources = [join('binding', 'tfjs_backend.cc'), join('binding', 'tfjs_binding.cc')]
  const libraries = [`-L${libraryLink}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2']
  return [...flags, ...includes, ...sources, ...libraries]
}

/** In one step, so that a process that starts meanwhile finds the one or the other library. */
async function replaceLink(target: string): Promise<void> {
  await mkdir(dirname(libraryLink), { recursive: true })
  const unfinished = `${libraryLink}.${process.pid}`
  await rm(unfinished, { force: true })
  await symlink(target, unfinished)
  await rename(unfinished, libraryLink)
}
