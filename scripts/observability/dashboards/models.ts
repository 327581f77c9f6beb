import type { Dashboard, Row } from './layout.ts'
import { quantileBy, rateBy, shareBy } from './queries.ts'

const version = 'tenant, model, version'
const ofVersion = '{{tenant}} {{model}} {{version}}'

/** Of a service that answers by models of texts: title, and prefix of its metrics. */
interface TextService {
  readonly title: string
  readonly prefix: string
}

const textAnswers = ({ title, prefix }: TextService): Row => ({
  title: `${title}: answers`,
  panels: [
    {
      title: 'Documents',
      unit: 'cps',
      queries: [[rateBy(`${version}, outcome`, `${prefix}_documents_total`), `${ofVersion} {{outcome}}`]],
    },
    {
      title: 'Labels',
      unit: 'percentunit',
      isStacked: true,
      queries: [
        [
          `${rateBy('label', `${prefix}_labels_total`)} / on () group_left () ${rateBy('', `${prefix}_labels_total`)}`,
          '{{label}}',
        ],
      ],
    },
    {
      title: 'Confidence, documents by tenth',
      unit: 'percentunit',
      isStacked: true,
      queries: [
        [
          `${rateBy('from', `${prefix}_documents_by_confidence_total`)} / on () group_left () ${rateBy('', `${prefix}_documents_by_confidence_total`)}`,
          'from {{from}}',
        ],
      ],
    },
    {
      title: 'Mean confidence',
      unit: 'percentunit',
      queries: [
        [shareBy(version, `${prefix}_confidence_total`, `${prefix}_documents_total{outcome!="refused"}`), ofVersion],
      ],
    },
  ],
})

const textVersions = ({ title, prefix }: TextService): Row => ({
  title: `${title}: versions`,
  panels: [
    {
      title: 'Age',
      unit: 's',
      queries: [[`time() - max by (${version}) (${prefix}_model_created_seconds)`, ofVersion]],
    },
    {
      title: 'Drift',
      description: 'Population stability index against the test of the training; above 0.25 the answers are others.',
      unit: 'short',
      queries: [[`max by (${version}, of) (${prefix}_drift)`, `${ofVersion} {{of}}`]],
    },
    {
      title: 'Shadows that agree',
      unit: 'percentunit',
      queries: [
        [
          shareBy(version, `${prefix}_shadow_documents_total{outcome="agrees"}`, `${prefix}_shadow_documents_total`),
          ofVersion,
        ],
        [rateBy('', `${prefix}_shadow_dropped_total`), 'left out, a second'],
      ],
    },
    {
      title: 'Refused and unreadable',
      unit: 'short',
      queries: [
        [`sum by (reason) (${prefix}_model_refusals)`, 'refused: {{reason}}'],
        [`sum(${prefix}_model_read_failures)`, 'could not be read'],
      ],
    },
  ],
})

const textWork = ({ title, prefix }: TextService): Row => ({
  title: `${title}: work`,
  panels: [
    {
      title: 'Time of a call and of an explanation, p99',
      unit: 's',
      queries: [
        [quantileBy(0.99, '', `${prefix}_classify_seconds`), 'call'],
        [quantileBy(0.99, 'method', `${prefix}_explanation_seconds`), 'explanation {{method}}'],
        [quantileBy(0.99, '', `${prefix}_stream_batch_seconds`), 'batch of events'],
      ],
    },
    {
      title: 'Texts of events',
      unit: 'cps',
      queries: [
        [rateBy('outcome', `${prefix}_stream_texts_total`), '{{outcome}}'],
        [rateBy('kind', `${prefix}_stream_failures_total`), 'failed: {{kind}}'],
      ],
    },
    {
      title: 'Scores known before',
      unit: 'cps',
      queries: [[rateBy('outcome', `${prefix}_score_cache_total`), '{{outcome}}']],
    },
    { title: 'Memory', unit: 'bytes', queries: [[`sum by (instance) (${prefix}_model_bytes)`, '{{instance}}']] },
  ],
})

const recommender: readonly Row[] = [
  {
    title: 'Recommendations: answers',
    panels: [
      {
        title: 'By what made them',
        unit: 'cps',
        isStacked: true,
        queries: [[rateBy('strategy', 'rapport_recommendation_answers_total'), '{{strategy}}']],
      },
      {
        title: 'Degraded',
        unit: 'percentunit',
        queries: [
          [
            shareBy('', 'rapport_recommendation_degraded_total', 'rapport_recommendation_answers_total'),
            'without the visitor’s state',
          ],
        ],
      },
      {
        title: 'Cached answers',
        unit: 'cps',
        queries: [[rateBy('outcome', 'rapport_recommendation_cache_total'), '{{outcome}}']],
      },
      {
        title: 'Ranking',
        unit: 's',
        queries: [
          [quantileBy(0.99, '', 'rapport_recommendation_ranking_seconds'), 'p99'],
          [quantileBy(0.5, '', 'rapport_recommendation_ranking_seconds'), 'p50'],
        ],
      },
    ],
  },
  {
    title: 'Recommendations: versions',
    panels: [
      {
        title: 'Age',
        unit: 's',
        queries: [
          [
            'time() - max by (tenant, version) (rapport_recommendation_model_created_seconds)',
            '{{tenant}} {{version}}',
          ],
        ],
      },
      {
        title: 'Score of the first item, median',
        description:
          'Comparable within one source and one model: what changes without a new version is what it is asked.',
        unit: 'short',
        queries: [[quantileBy(0.5, 'source', 'rapport_recommendation_top_score'), '{{source}}']],
      },
      {
        title: 'Refused and unreadable',
        unit: 'short',
        queries: [
          ['sum by (reason) (rapport_recommendation_model_refusals)', 'refused: {{reason}}'],
          ['sum(rapport_recommendation_model_read_failures)', 'could not be read'],
        ],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [['sum by (instance) (rapport_recommendation_model_bytes)', '{{instance}}']],
      },
    ],
  },
]

const textServices: readonly TextService[] = [
  { title: 'Topics', prefix: 'rapport_text' },
  { title: 'Sentiment', prefix: 'rapport_sentiment' },
]

/** Every process of control tells of the same trainings. */
const trainedInADay = (by: string, part: 'count' | 'sum'): string =>
  `sum by (${by}) (max by (task, outcome) (increase(rapport_training_seconds_${part}[1d])))`

const trainings: Row = {
  title: 'Trainings',
  panels: [
    {
      title: 'Ended in a day, by result',
      unit: 'short',
      queries: [[trainedInADay('task, outcome', 'count'), '{{task}} {{outcome}}']],
    },
    {
      title: 'Mean time',
      unit: 's',
      queries: [[`${trainedInADay('task', 'sum')} / (${trainedInADay('task', 'count')} > 0)`, '{{task}}']],
    },
  ],
}

export const models: Dashboard = {
  uid: 'rapport-models',
  title: 'Rapport: models',
  description: 'What serves, since when, what it says, and what the trainings bring.',
  rows: [
    ...recommender,
    ...textServices.flatMap((service) => [textAnswers(service), textVersions(service), textWork(service)]),
    trainings,
  ],
}
