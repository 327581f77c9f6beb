import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findBinaries } from './binaries.ts'

it('finds programs in the folder and names those that are absent', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'rapport-binaries-'))
  const etcd = join(folder.path, 'etcd')
  await writeFile(etcd, '')
  await writeFile(join(folder.path, 'kwok'), '')
  await chmod(etcd, 0o755)
  expect(findBinaries(['etcd'], folder.path, '')).toEqual({ etcd })
  expect(findBinaries(['etcd'], undefined, folder.path)).toEqual({ etcd })
  expect(() => findBinaries(['etcd', 'kwok', 'kube-scheduler'], folder.path, '')).toThrow(
    /^Absent from .*: kwok, kube-scheduler \(/,
  )
})
