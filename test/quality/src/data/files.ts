import { createReadStream, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import type { Readable } from 'node:stream'

/** Whether every path is there, plain or with `.gz`. */
export const hasFiles = (dataDir: string, ...paths: readonly string[]): boolean =>
  paths.every((path) => existsSync(join(dataDir, path)) || existsSync(join(dataDir, `${path}.gz`)))

/** The lines of a text file, plain or gzipped; empty lines are left out. */
export async function readLines(dataDir: string, path: string): Promise<readonly string[]> {
  const plain = join(dataDir, path)
  const content = existsSync(plain) ? await readFile(plain) : await promisify(gunzip)(await readFile(`${plain}.gz`))
  return content
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '')
}

/** The file's bytes as a stream, plain or gzipped. */
export function openStream(dataDir: string, path: string): Readable {
  const plain = join(dataDir, path)
  return existsSync(plain) ? createReadStream(plain) : createReadStream(`${plain}.gz`).pipe(createGunzip())
}
