import type { Clock, Log } from '@rapport/core'
import type { BehaviourReader, TrendUnitSpan } from '@rapport/features'
import { defaultEventWeights } from '../domain/behaviour-events.ts'
import type { Shops } from '../domain/shops.ts'
import { compactBucket, computeTrends, dayMs, hourMs, noTrends, type CompactBucket } from '../domain/trend-windows.ts'

const daysKept = 30
const hoursKept = 24
/** Buckets before that of the newest event change only by late events: they are read again this often. */
const wholeReadMs = 60_000
/** Tenants that nobody asks about for this long are no longer refreshed. */
const activeMs = 10 * 60_000

export interface TrendRefresherOptions {
  readonly reader: BehaviourReader
  readonly shops: Shops
  readonly clock: Clock
  readonly log: Log
  readonly intervalMs: number
}

interface TenantTrends {
  lastAskedMs: number
  wholeReadAtMs: number
  newestMs: number
  sequence: number
  hours: readonly CompactBucket[]
  days: readonly CompactBucket[]
  running: Promise<void> | undefined
}

const nothingRead = { wholeReadAtMs: 0, newestMs: 0, sequence: 0, hours: [], days: [] } as const

/** Keeps popularity and trends of the tenants that are asked about at the newest counts, in the background. */
export class TrendRefresher implements Disposable {
  private readonly options: TrendRefresherOptions
  private readonly tenants = new Map<string, TenantTrends>()
  private timer: NodeJS.Timeout | undefined

  constructor(options: TrendRefresherOptions) {
    this.options = options
  }

  start(): void {
    this.timer ??= setInterval(() => this.refreshActive(), this.options.intervalMs).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** Notes that a tenant is asked about. A promise only for the first time: it resolves when its trends have been read. */
  touch(tenant: string): Promise<void> | undefined {
    const known = this.tenants.get(tenant)
    if (known !== undefined) {
      known.lastAskedMs = this.options.clock.now()
      return known.wholeReadAtMs === 0 ? known.running : undefined
    }
    const trends: TenantTrends = {
      ...nothingRead,
      lastAskedMs: this.options.clock.now(),
      running: undefined,
    }
    this.tenants.set(tenant, trends)
    return this.refresh(tenant, trends)
  }

  /** The tenant is gone, or may be another one of the same name: what was counted before is not its own. */
  forget(tenant: string): void {
    this.tenants.delete(tenant)
    this.showNothing(tenant)
  }

  private showNothing(tenant: string): void {
    const shop = this.options.shops.find(tenant)
    if (shop !== undefined) shop.trends = noTrends()
  }

  private refreshActive(): void {
    const oldestMs = this.options.clock.now() - activeMs
    for (const [tenant, trends] of this.tenants) {
      if (trends.lastAskedMs >= oldestMs) void this.refresh(tenant, trends)
      else this.tenants.delete(tenant)
    }
  }

  /** Never rejects: what could not be read is read next time, and the counts of last time stand. */
  private refresh(tenant: string, trends: TenantTrends): Promise<void> {
    trends.running ??= this.read(tenant, trends)
      .catch((error: unknown) => this.options.log.warn({ err: error, tenant }, 'trends could not be refreshed'))
      .finally(() => {
        trends.running = undefined
      })
    return trends.running
  }

  private async read(tenant: string, trends: TenantTrends): Promise<void> {
    const { reader, shops, clock } = this.options
    const counted = await reader.readClock(tenant)
    // Forgotten meanwhile: what is read may be of the tenant before.
    if (this.tenants.get(tenant) !== trends) return
    if (counted === undefined) {
      Object.assign(trends, nothingRead)
      this.showNothing(tenant)
      return
    }
    const { newestEventMs: newestMs, sequence } = counted
    // Both go back only where the state has begun anew.
    const isAnew = newestMs < trends.newestMs || sequence < trends.sequence
    const isWhole = isAnew || clock.now() - trends.wholeReadAtMs >= wholeReadMs
    if (sequence === trends.sequence && !isWhole) return
    const from = isWhole ? 0 : trends.newestMs
    const read = (span: TrendUnitSpan): Promise<CompactBucket[]> => this.readBuckets(tenant, trends, span)
    const hoursFromMs = startOf(newestMs, hourMs) - (hoursKept - 1) * hourMs
    const daysFromMs = startOf(newestMs, dayMs) - (daysKept - 1) * dayMs
    const [hours, days] = await Promise.all([
      read({ unit: 'hour', fromMs: Math.max(hoursFromMs, startOf(from, hourMs)), toMs: newestMs }),
      read({ unit: 'day', fromMs: Math.max(daysFromMs, startOf(from, dayMs)), toMs: newestMs }),
    ])
    if (this.tenants.get(tenant) !== trends) return
    trends.hours = mergeBuckets(isWhole ? [] : trends.hours, hours, hoursFromMs)
    trends.days = mergeBuckets(isWhole ? [] : trends.days, days, daysFromMs)
    trends.newestMs = newestMs
    trends.sequence = sequence
    if (isWhole) trends.wholeReadAtMs = clock.now()
    const shop = shops.of(tenant)
    shop.trends = computeTrends({ newestMs, hours: trends.hours, days: trends.days }, shop.table.size)
  }

  private async readBuckets(tenant: string, trends: TenantTrends, span: TrendUnitSpan): Promise<CompactBucket[]> {
    const { reader, shops } = this.options
    const buckets = await reader.readTrend(tenant, span)
    // Of a tenant that was forgotten meanwhile nothing is to be kept.
    if (this.tenants.get(tenant) !== trends) return []
    return buckets.map((bucket) => compactBucket(bucket, defaultEventWeights, shops.of(tenant).table))
  }
}

const startOf = (atMs: number, widthMs: number): number => Math.floor(atMs / widthMs) * widthMs

/** The buckets kept so far with the newly read ones in their place, none older than `fromMs`; ascending. */
export function mergeBuckets(
  kept: readonly CompactBucket[],
  read: readonly CompactBucket[],
  fromMs: number,
): readonly CompactBucket[] {
  const byStart = new Map(kept.map((bucket) => [bucket.startMs, bucket]))
  for (const bucket of read) byStart.set(bucket.startMs, bucket)
  return [...byStart.values()].filter(({ startMs }) => startMs >= fromMs).sort((a, b) => a.startMs - b.startMs)
}
