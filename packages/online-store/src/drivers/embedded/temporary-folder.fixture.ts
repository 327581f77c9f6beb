import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '@rapport/core'

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'rapport-online-store-'))
export const removeFolder = (path: string): Promise<void> => rm(path, { recursive: true, force: true })
