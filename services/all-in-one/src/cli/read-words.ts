import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from '@commander-js/extra-typings'

/** The words of a file, one a line; parser of an option. */
export function readWords(file: string): string[] {
  const words = read(file).split(/\r?\n/u)
  return words.map((word) => word.trim()).filter((word) => word !== '')
}

function read(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${(error as Error).message}`)
  }
}
