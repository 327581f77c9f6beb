import type { BatchEvent, ItemBody } from '@rapport/sdk'
import type { ReadOptions } from './read-table.ts'

/** An event in the form that `POST /v1/import` takes, with a messageId that is the same whenever the row is read. */
export type ImportEvent = Extract<BatchEvent, { type: 'track' | 'identify' }> & {
  readonly messageId: string
  readonly timestamp: string
}

/** What one place of an input file came to. `line` counts from 1 and includes a header line. */
export type ImportRow =
  | { readonly kind: 'event'; readonly line: number; readonly event: ImportEvent }
  | { readonly kind: 'item'; readonly line: number; readonly id: string; readonly body: ItemBody }
  | { readonly kind: 'rejected'; readonly line: number; readonly reason: string }

/** One file of a source. Reading it again gives the same rows in the same order, so an interrupted import can go on by row number. */
export interface ImportFile {
  /** What of the file is read: `orders`, `items`, …; one file may be read for several. */
  readonly part: string
  readonly path: string
  rows(options?: ReadOptions): AsyncIterable<ImportRow>
}

export const rejected = (line: number, reason: string): ImportRow => ({ kind: 'rejected', line, reason })
