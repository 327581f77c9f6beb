import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@rapport/core'
import { reservedComponent } from '../../keys.ts'
import type { ObjectStore } from '../../object-store.ts'
import { FilesystemObjectStore } from './filesystem-object-store.ts'
import { KeyLocks } from './key-lock.ts'
import { newOwnerToken } from './owner-token.ts'
import { StagingFolder } from './staging.ts'

export interface FilesystemObjectStoreOptions {
  /** Created when absent. Objects lie in it under their keys, so that other programs can read them. */
  readonly directory: string
  readonly log?: Log
}

/**
 * Opens the embedded driver of the object store. Any number of threads and processes of one machine may have one folder
 * open; conditions hold between all of them. What writers that died have left is removed.
 */
export async function openFilesystemObjectStore(options: FilesystemObjectStoreOptions): Promise<ObjectStore> {
  const ownFolder = join(options.directory, reservedComponent)
  await mkdir(join(ownFolder, 'unfinished'), { recursive: true })
  await mkdir(join(ownFolder, 'locks'), { recursive: true })
  const root = await realpath(options.directory)
  const owner = newOwnerToken()
  const staging = new StagingFolder(join(root, reservedComponent, 'unfinished'), owner)
  const sweptFiles = await staging.sweep()
  if (sweptFiles > 0)
    options.log?.info({ sweptFiles, directory: root }, 'removed files that unfinished writes had left')
  return new FilesystemObjectStore(root, staging, new KeyLocks(join(root, reservedComponent, 'locks'), owner))
}
