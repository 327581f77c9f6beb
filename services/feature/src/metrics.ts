import { archivedTopics, archiveGroup, featureGroup, stateTopics } from '@rapport/contracts'
import { within, type Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the consuming side counts. */
export interface FeatureMetrics {
  readonly applied: Counter
  readonly duplicates: Counter
  readonly redelivered: Counter
  /** Of what was found in texts. */
  readonly textLabels: Counter<'topic' | 'outcome'>
  readonly deadLettered: Counter<'code'>
  readonly leftOut: Counter<'reason'>
  readonly missed: Counter<'group'>
  readonly failures: Counter<'kind'>
  readonly batchSeconds: Histogram
  /** From acceptance to effect. */
  readonly freshnessSeconds: Histogram<'topic'>
  readonly archivedBytes: Counter
  /** To be told the event time of each batch's newest applied event. */
  sawEvent(atMs: number): void
  /** From now on the age of the newest applied event and the lag of both groups are shown. */
  watchConsumers(eventLog: EventLog): void
}

export function createFeatureMetrics(registry: Registry, clock: Clock): FeatureMetrics {
  const registers = [registry]
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
  let newestMs: number | undefined
  return {
    applied: counter('rapport_events_applied_total', 'Events that changed the state.'),
    duplicates: counter('rapport_events_duplicate_total', 'Events whose messageId was known already.'),
    redelivered: counter('rapport_events_redelivered_total', 'Events that came from the log again.'),
    textLabels: new Counter({
      name: 'rapport_feature_text_labels_total',
      help: 'Sentiments and labels of texts by what became of them: applied to the state, known already (duplicate), or come from the log again (redelivered).',
      labelNames: ['topic', 'outcome'],
      registers,
    }),
    deadLettered: new Counter({
      name: 'rapport_feature_dead_letters_total',
      help: 'Records that could not be applied.',
      labelNames: ['code'],
      registers,
    }),
    leftOut: new Counter({
      name: 'rapport_feature_left_out_total',
      help: 'Events that live consumption left out on purpose.',
      labelNames: ['reason'],
      registers,
    }),
    missed: createMissedCounter(registry),
    failures: new Counter({
      name: 'rapport_feature_failures_total',
      help: 'Failed tries to apply events, by whether the environment was at fault or nobody knows what.',
      labelNames: ['kind'],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'rapport_feature_batch_seconds',
      help: 'Time in which a batch of events was applied.',
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    freshnessSeconds: new Histogram({
      name: 'rapport_feature_freshness_seconds',
      help: 'Time from the acceptance of an event until its effects stood in the online store, of events that were applied for the first time; of sentiments and labels, from the acceptance of the event that has the text.',
      labelNames: ['topic'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
      registers,
    }),
    archivedBytes: counter('rapport_archive_bytes_total', 'Compressed bytes written to the archive.'),
    sawEvent(atMs) {
      newestMs = Math.max(newestMs ?? atMs, atMs)
    },
    watchConsumers(eventLog) {
      createAgeGauge(registry, () => (newestMs === undefined ? undefined : (clock.now() - newestMs) / 1000))
      createLagGauge(registry, eventLog)
    },
  }
}

function createMissedCounter(registry: Registry): Counter<'group'> {
  const missed = new Counter({
    name: 'rapport_feature_missed_records_total',
    help: 'Records that retention removed before they were applied, or before the archive had them, by consumer group.',
    labelNames: ['group'],
    registers: [registry],
  })
  for (const group of [featureGroup, archiveGroup]) missed.inc({ group }, 0)
  return missed
}

const createAgeGauge = (registry: Registry, ageSeconds: () => number | undefined): Gauge =>
  new Gauge({
    name: 'rapport_feature_newest_event_age_seconds',
    help: 'Time since the event time of the newest applied event.',
    registers: [registry],
    collect() {
      const age = ageSeconds()
      if (age !== undefined) this.set(age)
    },
  })

/** A scrape has a deadline of its own, and the metrics that need no log are worth most while it is away. */
const lagDeadlineMs = 1_500
const late = (): Error => new Error('the log has not told the lag in time')

function createLagGauge(registry: Registry, eventLog: EventLog): Gauge {
  const followed = [
    ...archivedTopics.map((topic) => ({ group: archiveGroup, topic })),
    ...stateTopics.map(({ name }) => ({ group: featureGroup, topic: name })),
  ]
  // Scrapes during an outage wait for one look together: the log's own attempts go on for longer than they do.
  let look: Promise<Lag[]> | undefined
  return new Gauge({
    name: 'rapport_feature_lag_records',
    help: 'Records of a partition that a consumer group has not done.',
    labelNames: ['group', 'topic', 'partition'],
    registers: [registry],
    async collect() {
      this.reset()
      look ??= Promise.all(followed.map((one) => lagsOf(eventLog, one)))
        .then((lags) => lags.flat())
        // That the log does not answer is told by the consumers; here the series are missing.
        .catch(() => [])
        .finally(() => (look = undefined))
      for (const { group, topic, partition, records } of await within(look, lagDeadlineMs, late).catch(() => [])) {
        this.set({ group, topic, partition: String(partition) }, records)
      }
    },
  })
}

interface Lag {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly records: number
}

async function lagsOf(eventLog: EventLog, { group, topic }: Pick<Lag, 'group' | 'topic'>): Promise<Lag[]> {
  const [extents, checkpoints] = await Promise.all([eventLog.extents(topic), eventLog.checkpoints(group, topic)])
  return extents.map(({ partition, firstOffset, nextOffset }) => {
    const done = Math.max(firstOffset, checkpoints.get(partition)?.nextOffset ?? 0)
    return { group, topic, partition, records: Math.max(0, nextOffset - done) }
  })
}
