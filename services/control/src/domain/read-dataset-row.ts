import { datasetLimits, type DatasetColumns, type DatasetRow } from '@rapport/contracts'
import { isTooLong } from '@rapport/core'
import { foldText } from '@rapport/datasets'

/** A row of an upload: what stands in its columns, or why it is no row. */
export interface UploadedRow {
  /** From 1. */
  readonly row: number
  readonly values?: Readonly<Record<keyof DatasetColumns, unknown>>
  readonly problem?: string
}

export interface RowRefusal {
  /** The column; empty when the row as a whole is wrong. */
  readonly field: string
  readonly reason: string
}

export interface RowReading {
  readonly row: DatasetRow
  /** The text as it is compared with others. */
  readonly folded: string
}

export interface RowForm {
  readonly columns: DatasetColumns
  readonly multiLabel: boolean
}

/** A value, or why it cannot be one. */
type Reading<T> = { readonly value: T } | { readonly reason: string }

const languageTag = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/

export const isRefusal = (reading: RowReading | RowRefusal): reading is RowRefusal => 'reason' in reading

/** Reads a row; of one that is wrong in several columns, the first problem is told. */
export function readDatasetRow(uploaded: UploadedRow, { columns, multiLabel }: RowForm): RowReading | RowRefusal {
  const { row, values, problem } = uploaded
  if (values === undefined) return { field: '', reason: problem ?? 'is no row' }
  const text = readText(values.text)
  if ('reason' in text) return { field: columns.text, reason: text.reason }
  const labels = columns.label === undefined ? nothing : readLabels(values.label, multiLabel)
  if ('reason' in labels) return { field: columns.label ?? '', reason: labels.reason }
  const id = columns.id === undefined ? nothing : readId(values.id)
  if ('reason' in id) return { field: columns.id ?? '', reason: id.reason }
  const language = columns.language === undefined ? nothing : readLanguage(values.language)
  if ('reason' in language) return { field: columns.language ?? '', reason: language.reason }
  return {
    row: {
      row,
      text: text.value.text,
      ...(labels.value && { labels: labels.value }),
      ...(id.value !== undefined && { id: id.value }),
      ...(language.value !== undefined && { language: language.value }),
    },
    folded: text.value.folded,
  }
}

const nothing = { value: undefined }

function refusalOf(text: string, limit: number): string | undefined {
  if (isTooLong(text, limit)) return `is longer than ${limit} characters`
  return text.isWellFormed() ? undefined : 'contains half of a surrogate pair'
}

function readText(value: unknown): Reading<{ readonly text: string; readonly folded: string }> {
  if (value === undefined || value === null) return { reason: 'is missing' }
  if (typeof value !== 'string') return { reason: 'must be a text' }
  const reason = refusalOf(value, datasetLimits.textCharacters)
  if (reason !== undefined) return { reason }
  const folded = foldText(value)
  return folded === '' ? { reason: 'is empty' } : { value: { text: value, folded } }
}

function readLabels(value: unknown, multiLabel: boolean): Reading<string[]> {
  if (value === undefined || value === null) return { reason: 'is missing' }
  const isList = multiLabel && Array.isArray(value)
  const parts: unknown[] = isList ? value : multiLabel && typeof value === 'string' ? value.split('|') : [value]
  const labels = new Set<string>()
  for (const part of parts) {
    const label = toPlainText(part)
    if (label === undefined) return { reason: multiLabel ? 'must be texts' : 'must be a text' }
    const reason = refusalOf(label, datasetLimits.labelCharacters)
    if (reason !== undefined) return { reason }
    if (label !== '') labels.add(label)
  }
  if (labels.size === 0) return { reason: 'is empty' }
  if (labels.size > datasetLimits.labelsPerRow) return { reason: `has more than ${datasetLimits.labelsPerRow} labels` }
  return { value: [...labels] }
}

function readId(value: unknown): Reading<string | undefined> {
  if (value === undefined || value === null || value === '') return nothing
  const id = toPlainText(value)
  if (id === undefined) return { reason: 'must be a text or a number' }
  const reason = refusalOf(id, datasetLimits.idCharacters)
  return reason === undefined ? { value: id === '' ? undefined : id } : { reason }
}

function readLanguage(value: unknown): Reading<string | undefined> {
  if (value === undefined || value === null || value === '') return nothing
  const language = toPlainText(value)
  if (language === '') return nothing
  if (language !== undefined && languageTag.test(language)) return { value: language }
  return { reason: 'must be a language tag, for instance "zh" or "en-GB"' }
}

/** Texts, numbers and truth values, as people write labels and ids, trimmed and in one spelling (NFC). */
function toPlainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.normalize('NFC').trim()
  const isPlain = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  return isPlain ? String(value) : undefined
}
