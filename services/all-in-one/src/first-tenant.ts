import { chmod, rename, writeFile } from 'node:fs/promises'
import type { Scope } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import type { AccessDependencies, CreatedKey } from '@rapport/service-kit'
import { createKey, createTenant } from '@rapport/service-kit'
import { readKey } from './key-file.ts'

export interface KeyFile {
  readonly path: string
  readonly tenant: string
  readonly keyName: string
  readonly scopes: readonly Scope[]
}

/**
 * Makes sure that a tenant exists and that a key of it lies in a file which only its owner can read. A file that is there
 * is left alone; one that was lost is replaced by a further key. True when the tenant is new.
 */
export async function ensureTenant(dependencies: AccessDependencies, file: KeyFile): Promise<boolean> {
  const newKey = { name: file.keyName, scopes: file.scopes }
  const created = await createTenant(dependencies, file.tenant, newKey)
  if (created === 'removing') {
    throw new RapportError('RPT_ACCESS_TENANT_REMOVING', `The tenant "${file.tenant}" is still being removed.`)
  }
  if (created === 'reserved') {
    throw new RapportError(
      'RPT_ACCESS_TENANT_RESERVED',
      `The tenant "${file.tenant}" has the starter models, and no keys.`,
    )
  }
  if (created !== 'exists') {
    await writeKey(file.path, created.firstKey)
    return true
  }
  if ((await readKey(file.path)) === undefined) {
    const key = await createKey(dependencies, file.tenant, newKey)
    if (key) await writeKey(file.path, key)
  }
  return false
}

async function writeKey(path: string, { key }: CreatedKey): Promise<void> {
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 })
  // The mode of writeFile holds for a new file alone; a left-over of a crash may have another.
  await chmod(`${path}.new`, 0o600)
  await rename(`${path}.new`, path)
}
