import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '@rapport/all-in-one/node-flags'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { foldersOf } from './assemble.ts'
import { readReferences } from './base-references.ts'
import { imageNames, workspace } from './build-service.ts'

const read = (file: string): Promise<string> => readFile(join(workspace, file), 'utf8')

it('images run on the Node that the workspace pins, and are installed by its pnpm', async () => {
  const { catalog } = parse(await read('pnpm-workspace.yaml')) as { readonly catalog: Readonly<Record<string, string>> }
  const pnpm = /pnpm@[\d.]+/.exec(await read('scripts/toolchain.mjs'))?.[0]
  for (const { file, image } of await readReferences(workspace)) {
    expect(image).toMatch(new RegExp(`^node:${catalog['node']}-`))
    expect(await read(file)).toContain(` ${pnpm}\n`)
  }
})

it('a service runs in its image with the flags that it has everywhere, and traces are preloaded from what each image has', async () => {
  const preload = relative(workspace, fileURLToPath(import.meta.resolve('@rapport/service-kit/tracing')))
  const flags = nodeFlags.map((flag) => (flag.startsWith('file:') ? `/app/${preload}` : flag))
  const [, entrypoint = '[]'] = /^ENTRYPOINT (.+)$/m.exec(await read('docker/Dockerfile')) ?? []
  expect(JSON.parse(entrypoint)).toEqual(['node', ...flags, '/app/main.ts'])
  for (const image of imageNames) expect(await foldersOf(workspace, image)).toContain('packages/service-kit')
})
