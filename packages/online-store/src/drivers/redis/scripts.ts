import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script and the SHA-1 under which a server knows it. */
export interface Script {
  readonly source: string
  readonly sha1: string
}

function readScript(name: string): Script {
  const source = readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

export const applyScript = readScript('apply')
export const writeDocumentScript = readScript('write-document')
export const acquireLockScript = readScript('acquire-lock')
export const renewLockScript = readScript('renew-lock')
