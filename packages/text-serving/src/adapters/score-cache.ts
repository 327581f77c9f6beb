import { createHash } from 'node:crypto'
import type { ModelManifest } from '@rapport/contracts'
import { RapportError, within, type Log } from '@rapport/core'
import type { CacheKey, OnlineStore } from '@rapport/online-store'
import type { TextMetrics } from '../metrics.ts'

export interface ScoreCacheOptions {
  readonly store: Pick<OnlineStore, 'readCached' | 'writeCached' | 'stats'>
  readonly metrics: Pick<TextMetrics, 'scoreCache'>
  readonly log: Log
}

type Scorer = Pick<ModelManifest, 'tenant' | 'name' | 'version'>

const ttlMs = 24 * 60 * 60 * 1000
/** A model that is worth a look takes about as long itself. */
const deadlineMs = 20
const pauseMs = 1_000
const late = (): Error => new RapportError('RPT_TEXT_CACHE_LATE', 'the cache of scores did not answer in time')

/** Probabilities of texts by tenant, model, version and text, in the online store. A text is known there by its SHA-256 alone. */
export class ScoreCache {
  private readonly options: ScoreCacheOptions
  private pausedUntilMs = 0

  constructor(options: ScoreCacheOptions) {
    this.options = options
  }

  /** Rows line up with the texts; undefined where none is known, all of them while the store is away or slow. Never rejects. */
  async read(scorer: Scorer, texts: readonly string[]): Promise<readonly (Float32Array | undefined)[]> {
    const { store, metrics, log } = this.options
    const isAway = performance.now() < this.pausedUntilMs || store.stats().cache.isUnavailable
    if (isAway) return texts.map(() => undefined)
    try {
      const found = await within(store.readCached(texts.map((text) => keyOf(scorer, text))), deadlineMs, late)
      const hits = found.filter((value) => value !== undefined).length
      metrics.scoreCache.inc({ outcome: 'hit' }, hits)
      metrics.scoreCache.inc({ outcome: 'miss' }, texts.length - hits)
      return found.map((value) => value && toRow(value))
    } catch (error) {
      metrics.scoreCache.inc({ outcome: 'failed' }, texts.length)
      this.pausedUntilMs = performance.now() + pauseMs
      log.debug({ err: error }, 'scores were made anew')
      return texts.map(() => undefined)
    }
  }

  /** Nobody waits for it. */
  write(scorer: Scorer, text: string, row: Float32Array): void {
    const { store, log } = this.options
    if (performance.now() < this.pausedUntilMs) return
    const value = Buffer.from(row.slice().buffer)
    store.writeCached(keyOf(scorer, text), value, ttlMs).catch((error: unknown) => {
      this.pausedUntilMs = performance.now() + pauseMs
      log.debug({ err: error }, 'scores were not kept')
    })
  }
}

const keyOf = ({ tenant, name, version }: Scorer, text: string): CacheKey => ({
  entity: { tenant, kind: 'text-score', id: createHash('sha256').update(text).digest('base64url') },
  name: `${name}/${version}`,
})

/** A copy, since floats must begin at a multiple of four bytes. */
const toRow = (value: Uint8Array): Float32Array | undefined =>
  value.byteLength % 4 === 0 ? new Float32Array(Uint8Array.from(value).buffer) : undefined
