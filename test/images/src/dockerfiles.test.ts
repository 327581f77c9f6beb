import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeFlags } from '@rapport/all-in-one/node-flags'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readReferences } from './base-references.ts'
import { workspace } from './build-service.ts'

const read = (file: string): Promise<string> => readFile(join(workspace, file), 'utf8')

it('images run on the Node that the workspace pins, and are installed by its pnpm', async () => {
  const { catalog } = parse(await read('pnpm-workspace.yaml')) as { readonly catalog: Readonly<Record<string, string>> }
  const pnpm = /pnpm@[\d.]+/.exec(await read('scripts/toolchain.mjs'))?.[0]
  for (const { file, image } of await readReferences(workspace)) {
    expect(image).toMatch(new RegExp(`^node:${catalog['node']}-`))
    expect(await read(file)).toContain(` ${pnpm}\n`)
  }
})

it('a service runs in its image with the flags that it has everywhere', async () => {
  const [, entrypoint = '[]'] = /^ENTRYPOINT (.+)$/m.exec(await read('docker/Dockerfile')) ?? []
  expect(JSON.parse(entrypoint)).toEqual(['node', ...nodeFlags, '/app/main.ts'])
})
