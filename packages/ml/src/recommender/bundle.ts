import { bundleError, BundleReader, BundleWriter, type BundleFiles } from '../bundle-files.ts'
import type { NeighbourLists } from './neighbour-lists.ts'
import { readNeighbours, readScorer, writeNeighbours, writeScorer } from './bundle-sections.ts'
import type { ScorerModel } from './scorer-model.ts'

/** Everything the recommendation service needs of one model version. Item indices are positions in `itemIds`. */
export interface RecommenderBundle {
  readonly itemIds: readonly string[]
  readonly scorer: ScorerModel
  /** By item; 0 or more. */
  readonly popularity: Float32Array
  readonly neighbours: {
    readonly similar: NeighbourLists
    readonly alsoViewed?: NeighbourLists
    readonly alsoBought?: NeighbourLists
  }
  /** Interaction strength of each behaviour event. */
  readonly eventWeights: Readonly<Record<string, number>>
  /** A history entry this old counts half; no decay when absent. */
  readonly historyHalfLifeMs?: number
  /** The catalogue at training time: JSON that only its writer and its reader understand. */
  readonly catalogue: Uint8Array
}

const format = 'rapport.recommender-bundle.v1'
const headerPath = 'bundle.json'

/** The bundle as files by path: JSON headers, and little-endian arrays that are used in place when read. */
export function encodeBundle(bundle: RecommenderBundle): ReadonlyMap<string, Uint8Array> {
  const writer = new BundleWriter()
  writer.json(headerPath, {
    format,
    itemCount: bundle.itemIds.length,
    eventWeights: bundle.eventWeights,
    historyHalfLifeMs: bundle.historyHalfLifeMs,
    neighbours: Object.entries(bundle.neighbours).flatMap(([name, lists]) => (lists === undefined ? [] : [name])),
  })
  writer.json('item-ids.json', bundle.itemIds)
  writer.array('popularity.f32', bundle.popularity)
  for (const [name, lists] of Object.entries(bundle.neighbours)) {
    if (lists !== undefined) writeNeighbours(writer, `neighbours/${name}`, lists)
  }
  writeScorer(writer, bundle.scorer)
  writer.bytes('catalogue.json', bundle.catalogue)
  // A bundle that its own reader refuses is a defect of the trainer: found here, before it is published.
  decodeBundle(writer.files)
  return writer.files
}

/**
 * Reads what `encodeBundle` wrote. Arrays are views of the given bytes where these are aligned, copies elsewhere. Throws
 * RPT_ML_BUNDLE_INVALID, naming file and problem, on anything missing, of a wrong size, out of range or not finite.
 */
export function decodeBundle(files: BundleFiles): RecommenderBundle {
  const reader = new BundleReader(files)
  const header = reader.record(headerPath)
  if (header['format'] !== format) throw bundleError(headerPath, `format is not ${format}`)
  const itemIds = readItemIds(reader, header['itemCount'])
  const names = readNeighbourNames(header['neighbours'])
  const neighbours: Partial<Record<NeighbourName, NeighbourLists>> = {}
  for (const name of names) neighbours[name] = readNeighbours(reader, `neighbours/${name}`, itemIds.length)
  const similar = neighbours.similar
  if (similar === undefined) throw bundleError(headerPath, 'neighbours names no "similar"')
  const halfLifeMs = header['historyHalfLifeMs']
  if (halfLifeMs !== undefined && !(typeof halfLifeMs === 'number' && halfLifeMs > 0)) {
    throw bundleError(headerPath, 'historyHalfLifeMs is not a positive number')
  }
  return {
    itemIds,
    scorer: readScorer(reader, itemIds.length),
    popularity: reader.floats('popularity.f32', itemIds.length, { minimum: 0 }),
    neighbours: { ...neighbours, similar },
    eventWeights: readEventWeights(header['eventWeights']),
    ...(halfLifeMs === undefined ? {} : { historyHalfLifeMs: halfLifeMs }),
    catalogue: reader.bytes('catalogue.json'),
  }
}

/** Bytes a loaded bundle holds in memory, for memory budgets; a scorer's working memory (below 1 MiB) not counted. */
export function bundleBytes(bundle: RecommenderBundle): number {
  let bytes = bundle.popularity.byteLength + bundle.catalogue.byteLength + arrayBytes(bundle.scorer)
  for (const lists of Object.values(bundle.neighbours)) bytes += arrayBytes(lists)
  // V8 keeps a one-byte string in 12 bytes and its characters, and the array has a slot for it.
  for (const id of bundle.itemIds) bytes += 24 + 2 * id.length
  return bytes
}

const neighbourNames = ['similar', 'alsoViewed', 'alsoBought'] as const
type NeighbourName = (typeof neighbourNames)[number]

function readNeighbourNames(value: unknown): readonly NeighbourName[] {
  if (!Array.isArray(value)) throw bundleError(headerPath, 'neighbours is not an array')
  return value.map((name: unknown) => {
    const known = neighbourNames.find((candidate) => candidate === name)
    if (known === undefined) throw bundleError(headerPath, `neighbours names the unknown ${JSON.stringify(name)}`)
    return known
  })
}

function readItemIds(reader: BundleReader, itemCount: unknown): readonly string[] {
  const ids = reader.json('item-ids.json')
  if (!Array.isArray(ids) || ids.length !== itemCount)
    throw bundleError('item-ids.json', `is not an array of ${String(itemCount)}`)
  const seen = new Set<unknown>()
  for (const id of ids) {
    if (typeof id !== 'string' || id === '')
      throw bundleError('item-ids.json', 'has an id that is not a non-empty string')
    seen.add(id)
  }
  if (seen.size !== ids.length) throw bundleError('item-ids.json', 'names an item twice')
  return ids as string[]
}

function readEventWeights(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bundleError(headerPath, 'eventWeights is not an object')
  }
  for (const [event, weight] of Object.entries(value)) {
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) {
      throw bundleError(headerPath, `eventWeights.${event} is not a number of 0 or more`)
    }
  }
  return value as Record<string, number>
}

function arrayBytes(value: object): number {
  let bytes = 0
  for (const part of Object.values(value)) {
    if (ArrayBuffer.isView(part)) bytes += part.byteLength
    else if (typeof part === 'object' && part !== null) bytes += arrayBytes(part)
  }
  return bytes
}
