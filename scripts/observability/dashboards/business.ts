import type { Dashboard } from './layout.ts'
import { rateBy, shareBy } from './queries.ts'

const inADay = (by: string, selector: string): string => `sum by (${by}) (increase(${selector}[1d]))`

export const business: Dashboard = {
  uid: 'rapport-business',
  title: 'Rapport: business',
  description:
    'What the platform does for the company: behaviour that comes in, answers that go out, what customers say.',
  rows: [
    {
      title: 'The last day',
      panels: [
        {
          title: 'Events',
          unit: 'short',
          kind: 'stat',
          queries: [[inADay('', 'rapport_events_accepted_total'), 'events']],
        },
        {
          title: 'Recommendations',
          unit: 'short',
          kind: 'stat',
          queries: [[inADay('', 'rapport_recommendation_answers_total'), 'answers']],
        },
        {
          title: 'Texts understood',
          unit: 'short',
          kind: 'stat',
          queries: [
            [
              ['rapport_sentiment_documents_total', 'rapport_text_documents_total']
                .map((metric) => `(${inADay('', `${metric}{outcome="classified"}`)} or vector(0))`)
                .join(' + '),
              'texts',
            ],
          ],
        },
        {
          title: 'Better models',
          unit: 'short',
          kind: 'stat',
          queries: [
            ['sum(max by (task) (increase(rapport_training_seconds_count{outcome="promoted"}[1d])))', 'promoted'],
          ],
        },
      ],
    },
    {
      title: 'Behaviour and catalogue',
      panels: [
        {
          title: 'Events by how they came',
          unit: 'eps',
          isStacked: true,
          queries: [[rateBy('route', 'rapport_events_accepted_total'), '{{route}}']],
        },
        {
          title: 'Refused events, by the field at fault',
          unit: 'eps',
          queries: [[rateBy('field', 'rapport_events_rejected_total'), '{{field}}']],
        },
        {
          title: 'Events of a call, mean',
          unit: 'short',
          queries: [
            [shareBy('', 'rapport_ingestion_batch_events_sum', 'rapport_ingestion_batch_events_count'), 'events'],
          ],
        },
        {
          title: 'Changes of items',
          unit: 'cps',
          queries: [[rateBy('operation', 'rapport_items_written_total'), '{{operation}}']],
        },
      ],
    },
    {
      title: 'Recommendations',
      panels: [
        {
          title: 'Personal, of all',
          description: 'The share by each way to an answer; popular and trending ones know nothing of the visitor.',
          unit: 'percentunit',
          isStacked: true,
          queries: [
            [
              `${rateBy('strategy', 'rapport_recommendation_answers_total')} / on () group_left () ${rateBy('', 'rapport_recommendation_answers_total')}`,
              '{{strategy}}',
            ],
          ],
        },
        {
          title: 'Answered from the cache',
          unit: 'percentunit',
          queries: [
            [
              shareBy('', 'rapport_recommendation_cache_total{outcome="hit"}', 'rapport_recommendation_cache_total'),
              'hits',
            ],
          ],
        },
        {
          title: 'Exposures lost',
          unit: 'cps',
          queries: [[rateBy('', 'rapport_exposures_lost_total'), 'lost']],
        },
      ],
    },
    {
      title: 'What customers say',
      panels: [
        {
          title: 'Sentiment',
          unit: 'percentunit',
          isStacked: true,
          queries: [
            [
              `${rateBy('label', 'rapport_sentiment_labels_total')} / on () group_left () ${rateBy('', 'rapport_sentiment_labels_total')}`,
              '{{label}}',
            ],
          ],
        },
        {
          title: 'The ten topics named most',
          unit: 'cps',
          queries: [[`topk(10, ${rateBy('label', 'rapport_text_labels_total')})`, '{{label}}']],
        },
        {
          title: 'Found in texts of events',
          unit: 'cps',
          queries: [[rateBy('topic', 'rapport_feature_text_labels_total{outcome="applied"}'), '{{topic}}']],
        },
        {
          title: 'Archive, written a day',
          unit: 'bytes',
          queries: [[inADay('', 'rapport_archive_bytes_total'), 'compressed']],
        },
      ],
    },
  ],
}
