import { mkdir, mkdtempDisposable, readlink, readdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { assemble, foldersOf, isNeeded } from './assemble.ts'
import { imageNames, workspace } from './build-service.ts'

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

it('what serves runs without TensorFlow.js and without other services', async () => {
  for (const service of imageNames.filter((name) => name !== 'training' && name !== 'all-in-one')) {
    const folders = await foldersOf(workspace, service)
    expect(folders).toEqual(expect.arrayContaining(['packages/service-kit', `services/${service}`]))
    expect(folders.filter((folder) => folder === 'packages/deep' || folder.startsWith('services/'))).toEqual([
      `services/${service}`,
    ])
  }
  expect(await foldersOf(workspace, 'training')).toContain('packages/deep')
})

it('a service that does not exist is named', async () => {
  await expect(foldersOf(workspace, 'ingestoin')).rejects.toThrow(
    "SERVICE is 'ingestoin', but there is no services/ingestoin/package.json",
  )
})

it.each([
  ['.pnpm/a@1/node_modules/a/index.js', true],
  ['.pnpm/a@1/node_modules/a/LICENSE.md', true],
  ['.pnpm/a@1/node_modules/a/lock.yaml', true],
  ['.pnpm/a@1/node_modules/a/index.js.map', false],
  ['.pnpm/a@1/node_modules/a/index.d.mts', false],
  ['.pnpm/a@1/node_modules/a/README.md', false],
])('of installed packages, %s is kept: %s', (path, needed) => {
  expect(isNeeded(path)).toBe(needed)
})

it('lays out a service with what it depends upon, and nothing else', async () => {
  const manifest = (name: string, dependencies: Readonly<Record<string, string>> = {}): string =>
    JSON.stringify({ name, dependencies, devDependencies: { '@rapport/other': 'workspace:*' } })
  await using folder = await mkdtempDisposable(join(tmpdir(), 'rapport-assemble-'))
  const root = folder.path
  await write(root, {
    'services/shop/package.json': manifest('@rapport/shop', { '@rapport/base': 'workspace:*', a: '1.0.0' }),
    'services/shop/src/main.ts': '',
    'services/shop/README.md': '',
    'packages/base/package.json': manifest('@rapport/base'),
    'packages/base/src/index.ts': '',
    'packages/other/package.json': manifest('@rapport/other'),
    'node_modules/.modules.yaml': '',
    'node_modules/.pnpm/a@1.0.0/node_modules/a/index.js': '',
    'node_modules/.pnpm/a@1.0.0/node_modules/a/index.js.map': '',
    'node_modules/.pnpm/b@2.0.0/node_modules/@x/b/LICENSE.md': '',
    'node_modules/.pnpm/c@3.0.0/node_modules/c/index.js': '',
  })
  await symlink('../../b@2.0.0/node_modules/@x/b', join(root, 'node_modules/.pnpm/a@1.0.0/node_modules/b'))
  await mkdir(join(root, 'node_modules/.pnpm/node_modules/.bin'), { recursive: true })
  for (const [name, target] of [
    ['b', '../b@2.0.0/node_modules/@x/b'],
    ['c', '../c@3.0.0/node_modules/c'],
  ] as const)
    await symlink(target, join(root, 'node_modules/.pnpm/node_modules', name))
  await mkdir(join(root, 'services/shop/node_modules/@rapport'), { recursive: true })
  await symlink('../../../node_modules/.pnpm/a@1.0.0/node_modules/a', join(root, 'services/shop/node_modules/a'))
  await symlink('../../../../packages/base', join(root, 'services/shop/node_modules/@rapport/base'))
  const out = join(root, 'out')
  await assemble(root, 'shop', out)
  const files = await readdir(out, { recursive: true, withFileTypes: true })
  const laid = files
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
  expect(laid.sort()).toEqual([
    'own/main.ts',
    'own/packages/base/package.json',
    'own/packages/base/src/index.ts',
    'own/services/shop/node_modules/@rapport/base',
    'own/services/shop/node_modules/a',
    'own/services/shop/package.json',
    'own/services/shop/src/main.ts',
    'packages/node_modules/.pnpm/a@1.0.0/node_modules/a/index.js',
    'packages/node_modules/.pnpm/a@1.0.0/node_modules/b',
    'packages/node_modules/.pnpm/b@2.0.0/node_modules/@x/b/LICENSE.md',
    'packages/node_modules/.pnpm/node_modules/b',
  ])
  expect(await readlink(join(out, 'own/main.ts'))).toBe('services/shop/src/main.ts')
  expect(await readlink(join(out, 'own/services/shop/node_modules/a'))).toBe(
    '../../../node_modules/.pnpm/a@1.0.0/node_modules/a',
  )
})
