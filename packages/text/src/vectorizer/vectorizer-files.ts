import { endianness } from 'node:os'
import { RapportError } from '@rapport/core'
import { toTextAnalysis, type TextAnalysis } from './text-analysis.ts'
import {
  checkHashBits,
  type TermWeighting,
  type TextVectorizerData,
  type VocabularyFeatures,
} from './vectorizer-data.ts'

type Files = ReadonlyMap<string, Uint8Array>

const format = 'rapport.text-vectorizer.v1'
const paths = {
  header: 'vectorizer/vectorizer.json',
  tokens: 'vectorizer/tokens.json',
  idf: 'vectorizer/idf.f64',
  parents: 'vectorizer/parents.i32',
  tokenOf: 'vectorizer/token-of.i32',
  columnOf: 'vectorizer/column-of.i32',
} as const
const bigEndian = endianness() === 'BE'

const invalid = (path: string, problem: string, cause?: unknown): RapportError =>
  new RapportError('RPT_TEXT_VECTORIZER_INVALID', `${path}: ${problem}`, cause === undefined ? {} : { cause })

/** The vectorizer as files by path: JSON and little-endian arrays. */
export function encodeTextVectorizer(data: TextVectorizerData): Files {
  const { analysis, weighting, columns, idf, features } = data
  const { kind } = features
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  const hashed = features.kind === 'hashing' ? { bits: features.bits } : { nodes: features.parents.length }
  const files = new Map<string, Uint8Array>([
    [paths.header, json({ format, analysis, weighting, columns, features: { kind, ...hashed } })],
    [paths.idf, toBytes(idf)],
  ])
  if (features.kind === 'hashing') return files
  files.set(paths.tokens, json(features.tokens))
  for (const name of ['parents', 'tokenOf', 'columnOf'] as const) files.set(paths[name], toBytes(features[name]))
  return files
}

/**
 * Reads what `encodeTextVectorizer` wrote. Throws RPT_TEXT_VECTORIZER_INVALID, naming file and problem, on anything
 * missing, of a wrong size, out of order or range, or not finite.
 */
export function decodeTextVectorizer(files: Files): TextVectorizerData {
  const header = asRecord(readJson(files, paths.header), paths.header)
  if (header['format'] !== format) throw invalid(paths.header, `format is not ${format}`)
  const { columns } = header
  if (!isCount(columns)) throw invalid(paths.header, 'columns is not a count')
  const idf = new Float64Array(readBytes(files, paths.idf, 8, columns))
  if (!idf.every(Number.isFinite)) throw invalid(paths.idf, 'holds a number that is not finite')
  const features = asRecord(header['features'], paths.header)
  const common = { ...readOptions(header), columns, idf }
  if (features['kind'] === 'hashing') {
    const bits = attempt(() => checkHashBits(Number(features['bits'])))
    if (2 ** bits !== columns) throw invalid(paths.header, `${columns} columns are not 2 ** ${bits}`)
    return { ...common, features: { kind: 'hashing', bits } }
  }
  if (features['kind'] !== 'vocabulary') throw invalid(paths.header, 'the kind of the features is not known')
  if (!isCount(features['nodes'])) throw invalid(paths.header, 'nodes is not a count')
  return { ...common, features: readVocabulary(files, features['nodes'], common) }
}

function readOptions(header: Readonly<Record<string, unknown>>): {
  readonly analysis: TextAnalysis
  readonly weighting: TermWeighting
} {
  const stated = asRecord(header['analysis'], paths.header) as Partial<TextAnalysis>
  const { sublinearTf, norm } = asRecord(header['weighting'], paths.header)
  const { ngrams, lowercase, userWords } = stated
  const complete = Array.isArray(ngrams) && typeof lowercase === 'boolean' && Array.isArray(userWords)
  if (!complete || stated.analyzer === undefined || stated.normalization === undefined) {
    throw invalid(paths.header, 'the analysis is not complete')
  }
  if (typeof sublinearTf !== 'boolean' || (norm !== 'l2' && norm !== 'none')) {
    throw invalid(paths.header, 'the weighting is not known')
  }
  return { analysis: attempt(() => toTextAnalysis(stated)), weighting: { sublinearTf, norm } }
}

function readVocabulary(
  files: Files,
  nodes: number,
  { analysis, columns }: { readonly analysis: TextAnalysis; readonly columns: number },
): VocabularyFeatures {
  const tokens: unknown = readJson(files, paths.tokens)
  if (!Array.isArray(tokens) || !tokens.every((token) => typeof token === 'string')) {
    throw invalid(paths.tokens, 'is not an array of strings')
  }
  const integers = (path: string): Int32Array => new Int32Array(readBytes(files, path, 4, nodes))
  const features: VocabularyFeatures = {
    kind: 'vocabulary',
    tokens,
    parents: integers(paths.parents),
    tokenOf: integers(paths.tokenOf),
    columnOf: integers(paths.columnOf),
  }
  const tokenCount = analysis.analyzer === 'char' ? 0x11_00_00 : tokens.length
  let column = 0
  for (let node = 0; node < nodes; node += 1) {
    const parent = features.parents[node] as number
    if (parent < -1 || parent >= node) throw invalid(paths.parents, `entry ${node} is ${parent}, no node before it`)
    const token = features.tokenOf[node] as number
    if (token < 0 || token >= tokenCount) throw invalid(paths.tokenOf, `entry ${node} is ${token}, no token`)
    const stated = features.columnOf[node] as number
    if (stated !== -1 && stated !== column) throw invalid(paths.columnOf, `entry ${node} is ${stated}, not ${column}`)
    if (stated === column) column += 1
  }
  if (column !== columns) throw invalid(paths.columnOf, `has ${column} columns, not ${columns}`)
  return features
}

function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw invalid(paths.header, (cause as Error).message, cause)
  }
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

function asRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'lacks an object')
  return value as Record<string, unknown>
}

function readJson(files: Files, path: string): unknown {
  const content = files.get(path)
  if (content === undefined) throw invalid(path, 'is missing')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (cause) {
    throw invalid(path, 'is not JSON', cause)
  }
}

function toBytes(values: Float64Array | Int32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return swapped(Uint8Array.from(bytes), values.BYTES_PER_ELEMENT)
}

/** A copy of the file's bytes in the order of this machine. */
function readBytes(files: Files, path: string, width: number, length: number): ArrayBuffer {
  const content = files.get(path)
  if (content === undefined) throw invalid(path, 'is missing')
  if (content.byteLength !== width * length) {
    throw invalid(path, `has ${content.byteLength} bytes, not ${width * length}`)
  }
  return swapped(Uint8Array.from(content), width).buffer
}

function swapped(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  if (!bigEndian) return bytes
  const buffer = Buffer.from(bytes.buffer)
  if (width === 8) buffer.swap64()
  else buffer.swap32()
  return bytes
}
