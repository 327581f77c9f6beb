/** The offset to read next, by partition. */
export type TailCursor = readonly number[]

export const writeCursor = (cursor: TailCursor): string => cursor.join('.')

/** `text` fits `TailCursorSchema`. */
export const readCursor = (text: string): TailCursor => text.split('.').map(Number)
