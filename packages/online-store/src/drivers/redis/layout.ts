import { partKey, tenantKeyPrefix } from '../../keys.ts'
import type { CacheKey, EntityRef } from '../../online-store.ts'

/*
 * Keys of one entity, all in one hash slot:
 *   …:state          hash: `s` sequence, `w` newest receivedAt of the dedup window, `h` cursor of its sweep, `m<partition>:<topic>`
 *                    highest applied offset, `k<prefix>` names of a sample, `p<part>` counts and registers (see apply.lua)
 *   …:tallies        hash: part, NUL, field -> integer
 *   …:seen           hash: digest of a messageId -> receivedAt, offset, source
 *   …:document       hash: version, value
 *   …:cache/<name>   string with a time to live
 */
const STATE = 'state'
const SUFFIXES_OF_STATE = [`:${STATE}`, ':tallies', ':seen']
const DOCUMENT = 'document'
const CACHE = 'cache/'

export const stateKey = (entity: EntityRef): string => partKey(entity, STATE)
export const talliesKey = (entity: EntityRef): string => partKey(entity, 'tallies')
export const seenKey = (entity: EntityRef): string => partKey(entity, 'seen')
export const documentKey = (entity: EntityRef): string => partKey(entity, DOCUMENT)
export const cacheKey = ({ entity, name }: CacheKey): string => partKey(entity, `${CACHE}${name}`)

export const isDocumentKey = (key: string): boolean => key.endsWith(`}:${DOCUMENT}`)
/** Of state or a cached value. */
export const isStateOrCacheKey = (key: string): boolean =>
  key.includes(`}:${CACHE}`) || SUFFIXES_OF_STATE.some((suffix) => key.endsWith(`}${suffix}`))

export const SEQUENCE_FIELD = 's'
export const PART_FIELD_PREFIX = 'p'
export const partField = (part: string): string => `${PART_FIELD_PREFIX}${part}`
export const markField = (topic: string, partition: number): string => `m${partition}:${topic}`

export const isTally = (part: string): boolean => part.startsWith('tally/')

const globEscaped = (text: string): string => text.replace(/[*?[\]\\^-]/g, String.raw`\$&`)

/** Pattern of SCAN for every key of a tenant, or only for those of its entities' states. */
export const tenantPattern = (tenant: string, of: 'all' | 'states'): string =>
  `${globEscaped(tenantKeyPrefix(tenant))}*${of === 'states' ? `}:${STATE}` : ''}`
