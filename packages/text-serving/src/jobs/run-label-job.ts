import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { LabelJob } from '@rapport/contracts'
import type { Pacer } from '@rapport/ml'
import { createSlicePacer } from '../application/classify-slices.ts'
import type { AssignedDocument, LabelDocuments, LabelResult } from '../application/label-documents.ts'
import { problemOfText } from '../domain/check-document.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { readLabelInputs, type LabelInput, type LabelSource } from './label-inputs.ts'

const compress = promisify(gzip)

/** Of results, uncompressed: a part is written at this length. */
const partBytes = 4 * 1024 ** 2
/** Rows that are labelled together: their sentences may be as many as those of a call. */
const rowsTogether = 50

export type LabelProgress = LabelJob['progress']

export interface LabelRunOptions extends Omit<LabelSource, 'pacer'> {
  readonly served: ServedClassifier
  readonly label: LabelDocuments
  readonly signal: AbortSignal
  /** Stores a part of the result and what is done with it. */
  readonly onPart: (part: Uint8Array, progress: LabelProgress) => Promise<void>
}

/**
 * Labels the texts of a job that are not done, in order, and hands the result over in parts. Others are answered between two
 * slices of a few milliseconds.
 * @throws DatasetError, ArchiveError; the reason of `signal`
 */
export async function runLabelJob(job: LabelJob, options: LabelRunOptions): Promise<void> {
  const pacer = createSlicePacer()
  const part = new ResultPart(job, options, pacer)
  let together: LabelInput[] = []
  for await (const input of readLabelInputs(job, { ...options, pacer })) {
    options.signal.throwIfAborted()
    // The rules of one event stand and fall together: its place is that of all its texts.
    const isNext = input.place.offsets !== together.at(-1)?.place.offsets || input.place.offsets === undefined
    if (together.length >= rowsTogether && isNext) {
      await part.add(together)
      together = []
    }
    together.push(input)
  }
  await part.add(together)
  await part.flush()
}

/** The part of the result that is being made. */
class ResultPart {
  private readonly job: LabelJob
  private readonly options: LabelRunOptions
  private readonly pacer: Pacer
  private lines: string[] = []
  private bytes = 0
  private progress: LabelProgress

  constructor(job: LabelJob, options: LabelRunOptions, pacer: Pacer) {
    this.job = job
    this.pacer = pacer
    this.options = options
    this.progress = { ...job.progress, labels: { ...job.progress.labels } }
  }

  async add(inputs: readonly LabelInput[]): Promise<void> {
    const { served, label, signal } = this.options
    const { topK, threshold } = this.job
    const documents: AssignedDocument[] = []
    const problems = new Map<LabelInput, object>()
    for (const input of inputs) {
      const { id, text, language } = input
      const problem = problemOfText(text)
      if (problem !== undefined) problems.set(input, problem)
      else documents.push({ id, text, served, ...(language !== undefined && { language }) })
    }
    const labelled = label(documents, { topK, threshold, pacer: this.pacer, isBulk: true })[Symbol.asyncIterator]()
    for (const input of inputs) {
      signal.throwIfAborted()
      const error = problems.get(input)
      if (error !== undefined) {
        this.note(input, undefined, error)
        continue
      }
      const next = await labelled.next()
      if (next.done === true) throw new Error('a document was not labelled')
      const { result } = next.value
      this.note(input, result)
    }
    if (this.bytes >= partBytes) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.lines.length === 0) return
    const part = await compress(Buffer.from(this.lines.join('')))
    this.progress.parts += 1
    this.lines = []
    this.bytes = 0
    await this.options.onPart(part, structuredClone(this.progress))
  }

  private note({ source, given, place }: LabelInput, result?: LabelResult, error?: object): void {
    const line = `${JSON.stringify({ ...source, ...(result ?? { error }) })}\n`
    this.lines.push(line)
    this.bytes += Buffer.byteLength(line)
    const { progress } = this
    progress.rows += 1
    Object.assign(progress, place)
    if (result === undefined) {
      progress.refused += 1
      return
    }
    progress.labelled += 1
    const found = result.labels ?? [result.label]
    for (const label of found) progress.labels[label] = (progress.labels[label] ?? 0) + 1
    // Labels of another set say nothing of this model.
    if (given?.some((each) => this.options.served.labels.includes(each)) !== true) return
    progress.given += 1
    const isSame = result.labels === undefined ? given.includes(result.label) : isSameSet(found, given)
    if (isSame) progress.agreeing += 1
  }
}

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  new Set(one).symmetricDifference(new Set(other)).size === 0
