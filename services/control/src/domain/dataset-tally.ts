import { hash } from 'node:crypto'
import { datasetLimits, type DatasetReport, type RejectedDatasetRow } from '@rapport/contracts'
import type { DatasetFindings } from '@rapport/datasets'
import type { RowReading, RowRefusal } from './read-dataset-row.ts'
import { TextDigests } from './text-digests.ts'

const { classes: maxClasses, listedRejections, samples } = datasetLimits
const sampleCharacters = 200

/** Of a multi-label row too: the order of labels does not count. */
const labelsDigest = (labels: readonly string[]): number =>
  hash('sha256', labels.toSorted().join('|'), 'buffer').readUInt32LE(0)

const beginningOf = (text: string): string =>
  Array.from(text.slice(0, 2 * sampleCharacters))
    .slice(0, sampleCharacters)
    .join('')

/** Counts and reports what an upload holds. Memory is bounded but for 32 to 64 bytes a different text. */
export class DatasetTally {
  readonly #classes = new Map<string, number>()
  readonly #digests = new TextDigests()
  /** Labels by their digest, for samples; those that came first, so that memory is bounded. */
  readonly #labels = new Map<number, readonly string[]>()
  readonly #rejected: RejectedDatasetRow[] = []
  readonly #duplicates: DatasetReport['duplicates'] = { count: 0, samples: [] }
  readonly #conflicts: DatasetReport['conflicts'] = { count: 0, samples: [] }
  #rejectedCount = 0
  #kept = 0

  get rejected(): readonly RejectedDatasetRow[] {
    return this.#rejected
  }

  /** Whether there are more different labels than a data set may have. */
  get hasTooManyClasses(): boolean {
    return this.#classes.size > maxClasses
  }

  reject(row: number, { field, reason }: RowRefusal): void {
    this.#rejectedCount += 1
    if (this.#rejected.length < listedRejections) this.#rejected.push({ row, field, reason })
  }

  keep({ row: { row, text, labels = [] }, folded }: RowReading): void {
    this.#kept += 1
    for (const label of labels) this.#classes.set(label, (this.#classes.get(label) ?? 0) + 1)
    const digest = labels.length === 0 ? 0 : labelsDigest(labels)
    if (!this.#labels.has(digest) && this.#labels.size < maxClasses) this.#labels.set(digest, labels)
    const first = this.#digests.note(folded, { row, labels: digest })
    if (first === undefined) return
    this.#duplicates.count += 1
    if (this.#duplicates.samples.length < samples) this.#duplicates.samples.push({ row, firstRow: first.row })
    if (first.labels === digest) return
    this.#conflicts.count += 1
    if (this.#conflicts.samples.length >= samples) return
    const firstLabels = this.#labels.get(first.labels)
    this.#conflicts.samples.push({
      text: beginningOf(text),
      row,
      labels,
      firstRow: first.row,
      ...(firstLabels && { firstLabels: [...firstLabels] }),
    })
  }

  findings(): DatasetFindings {
    const classes = [...this.#classes].map(([label, rows]) => ({ label, rows }))
    return {
      classes: classes.sort((one, other) => other.rows - one.rows || (one.label < other.label ? -1 : 1)),
      report: {
        rowsRead: this.#kept + this.#rejectedCount,
        rejectedCount: this.#rejectedCount,
        rejected: this.#rejected,
        duplicates: this.#duplicates,
        conflicts: this.#conflicts,
      },
    }
  }
}
