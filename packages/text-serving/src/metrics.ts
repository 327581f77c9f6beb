import type { ConsumerMetric } from '@rapport/messaging'
import type { ClassifierHosts } from './adapters/classifier-hosts.ts'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { usesOf, type ServedClassifier } from './domain/served-classifier.ts'

export interface TextMetrics {
  readonly classifySeconds: Histogram
  readonly explanationSeconds: Histogram<'method'>
  readonly shadowDropped: Counter
  readonly scoreCache: Counter<'outcome'>
  readonly streamTexts: Counter<'outcome'>
  readonly streamSeconds: Histogram
  readonly streamFailures: Counter<'kind'>
}

const streamFailureKinds = [
  'environment error',
  'unknown failure',
  'missed',
  'dead letter',
] as const satisfies readonly ConsumerMetric['kind'][]

/** @param prefix Of the names. */
export function createTextMetrics(registry: Registry, prefix: string): TextMetrics {
  const registers = [registry]
  return {
    classifySeconds: new Histogram({
      name: `${prefix}_classify_seconds`,
      help: 'Time in which the documents of a call were classified and explained; of a stream, those of one piece of it.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    explanationSeconds: new Histogram({
      name: `${prefix}_explanation_seconds`,
      help: 'Time of one explanation, waiting for its turn included.',
      labelNames: ['method'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    shadowDropped: new Counter({
      name: `${prefix}_shadow_dropped_total`,
      help: 'Documents that no shadow has labelled, because too many waited for it.',
      registers,
    }),
    scoreCache: new Counter({
      name: `${prefix}_score_cache_total`,
      help: 'Texts that were looked up among those scored before, where that is quicker than scoring: hit, miss, or failed because the online store was away or slow.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    streamTexts: new Counter({
      name: `${prefix}_stream_texts_total`,
      help: 'Texts of events by what came of them: labelled, or passed over because their tenant has no model, it was refused, does not fit into the memory, or gives them no label.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    streamSeconds: new Histogram({
      name: `${prefix}_stream_batch_seconds`,
      help: 'Time in which the texts of a batch of events were labelled and what was found was published.',
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    streamFailures: createStreamFailures(registry, prefix),
  }
}

function createStreamFailures(registry: Registry, prefix: string): Counter<'kind'> {
  const failures = new Counter({
    name: `${prefix}_stream_failures_total`,
    help: 'Failed tries to label events, by whether the environment was at fault or nobody knows what; records that went to the dead letters; records that retention removed before they were read.',
    labelNames: ['kind'] as const,
    registers: [registry],
  })
  for (const kind of streamFailureKinds) failures.inc({ kind }, 0)
  return failures
}

export interface TextModelSources extends ClassifierHosts {
  /** Of the metrics' names. */
  readonly prefix: string
}

/** More would be a burden to whoever stores the series. */
const mostLabelSeries = 100
const ofVersion = ['tenant', 'model', 'version'] as const
const answering = ({ champions, challengers }: ClassifierHosts): readonly ServedClassifier[] => [
  ...usesOf(champions.served),
  ...(challengers?.served ?? []),
]
const shadowing = ({ shadows }: ClassifierHosts): readonly ServedClassifier[] => [...(shadows?.served ?? [])]
const hostsOf = ({ champions, challengers, shadows }: ClassifierHosts) =>
  [champions, challengers, shadows].flatMap((each) => each?.host ?? [])
const labelsOf = ({ manifest: { tenant, name, version } }: ServedClassifier) => ({ tenant, model: name, version })

/** What the models in memory have said, and what was refused; read when metrics are asked for. */
export function addTextModelMetrics(registry: Registry, sources: TextModelSources): readonly (Counter | Gauge)[] {
  return [
    ...versionMetrics(registry, sources),
    ...confidenceMetrics(registry, sources),
    publicationMetric(registry, sources),
    driftMetric(registry, sources),
    shadowMetric(registry, sources),
    ...hostMetrics(registry, sources),
  ]
}

function versionMetrics(registry: Registry, sources: TextModelSources): readonly Counter[] {
  const { prefix } = sources
  const registers = [registry]
  return [
    new Counter({
      name: `${prefix}_documents_total`,
      help: 'Documents by the model version in memory and what came of them: classified, uncertain (below the threshold), or refused (empty, too long, id taken).',
      labelNames: [...ofVersion, 'outcome'] as const,
      registers,
      collect() {
        this.reset()
        for (const each of answering(sources)) {
          const { classified, uncertain, refused } = each.tally
          this.inc({ ...labelsOf(each), outcome: 'classified' }, classified - uncertain)
          this.inc({ ...labelsOf(each), outcome: 'uncertain' }, uncertain)
          this.inc({ ...labelsOf(each), outcome: 'refused' }, refused)
        }
      },
    }),
    new Counter({
      name: `${prefix}_labels_total`,
      help: `Documents by the model version in memory and their best label; of models of up to ${mostLabelSeries} labels.`,
      labelNames: [...ofVersion, 'label'] as const,
      registers,
      collect() {
        this.reset()
        for (const each of answering(sources)) {
          if (each.labels.length > mostLabelSeries) continue
          for (const [at, label] of each.labels.entries())
            this.inc({ ...labelsOf(each), label }, each.tally.byLabel[at])
        }
      },
    }),
  ]
}

function confidenceMetrics(registry: Registry, sources: TextModelSources): readonly Counter[] {
  const { prefix } = sources
  const registers = [registry]
  return [
    new Counter({
      name: `${prefix}_confidence_total`,
      help: 'Sum of the best probabilities of the documents that a version has classified; over their number it is the mean confidence.',
      labelNames: ofVersion,
      registers,
      collect() {
        this.reset()
        for (const each of answering(sources)) this.inc(labelsOf(each), each.tally.confidenceSum)
      },
    }),
    new Counter({
      name: `${prefix}_documents_by_confidence_total`,
      help: 'Documents that a version has classified, by its best probability in tenths: 0.9 stands for 0.9 and more.',
      labelNames: [...ofVersion, 'from'] as const,
      registers,
      collect() {
        this.reset()
        for (const each of answering(sources)) {
          for (const [tenth, documents] of each.tally.byTenth.entries())
            this.inc({ ...labelsOf(each), from: (tenth / 10).toFixed(1) }, documents)
        }
      },
    }),
  ]
}

function publicationMetric(registry: Registry, sources: TextModelSources): Gauge {
  return new Gauge({
    name: `${sources.prefix}_model_created_seconds`,
    help: 'When the text model version in memory was published, in seconds since the epoch.',
    labelNames: ofVersion,
    // Both threads of the platform in one process may have it in memory.
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.reset()
      for (const each of answering(sources)) this.set(labelsOf(each), Date.parse(each.manifest.createdAt) / 1000)
    },
  })
}

function driftMetric(registry: Registry, sources: TextModelSources): Gauge {
  return new Gauge({
    name: `${sources.prefix}_drift`,
    help: 'Population stability index of the newest answers of a version against those in the test of its training: of their labels, or of their confidence in tenths; once there are enough.',
    labelNames: [...ofVersion, 'of'] as const,
    // Threads of one process each compare their own answers; indexes do not add up.
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.reset()
      for (const each of [...answering(sources), ...shadowing(sources)]) {
        const figures = each.drift.figures()
        if (figures === undefined) continue
        this.set({ ...labelsOf(each), of: 'labels' }, figures.labels)
        this.set({ ...labelsOf(each), of: 'confidence' }, figures.confidence)
      }
    },
  })
}

function shadowMetric(registry: Registry, sources: TextModelSources): Counter {
  return new Counter({
    name: `${sources.prefix}_shadow_documents_total`,
    help: 'Documents that a shadow version has labelled beside the answer, by whether the label was the same: agrees or differs.',
    labelNames: [...ofVersion, 'outcome'] as const,
    registers: [registry],
    collect() {
      this.reset()
      for (const each of shadowing(sources)) {
        const { classified, agreed } = each.tally
        this.inc({ ...labelsOf(each), outcome: 'agrees' }, agreed)
        this.inc({ ...labelsOf(each), outcome: 'differs' }, classified - agreed)
      }
    },
  })
}

function hostMetrics(registry: Registry, sources: TextModelSources): readonly Gauge[] {
  const { prefix } = sources
  const hosts = hostsOf(sources)
  const registers = [registry]
  return [
    new Gauge({
      name: `${prefix}_model_bytes`,
      help: 'Memory of loaded text models: champions, challengers and shadows, what they share counted once.',
      registers,
      collect() {
        this.set(hosts.reduce((sum, host) => sum + host.stats().usedBytes, 0))
      },
    }),
    new Gauge({
      name: `${prefix}_model_refusals`,
      help: 'Text model versions refused since the start, by reason.',
      labelNames: ['reason'],
      registers,
      collect() {
        this.reset()
        for (const [reason, count] of hosts.flatMap((host) => [...host.stats().refusals])) this.inc({ reason }, count)
      },
    }),
    new Gauge({
      name: `${prefix}_model_read_failures`,
      help: 'Times since the start that a text model could not be read from the object store; what serves goes on serving.',
      registers,
      collect() {
        this.set(hosts.reduce((sum, host) => sum + host.stats().readFailures, 0))
      },
    }),
  ]
}
