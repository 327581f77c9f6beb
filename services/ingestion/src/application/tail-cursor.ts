import { invalid } from '../errors.ts'

/** The offset to read next, by partition. */
export type TailCursor = readonly number[]

export const writeCursor = (cursor: TailCursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url')

/** @throws HttpError 400 when it is not a cursor of an answer. */
export function readCursor(text: string, partitions: number): TailCursor {
  const value = parse(text)
  const isCursor = Array.isArray(value) && value.length === partitions && value.every(isOffset)
  if (!isCursor)
    throw invalid('The cursor is not one of an earlier answer.', [{ field: 'cursor', reason: 'is not known' }])
  return value as number[]
}

const isOffset = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
