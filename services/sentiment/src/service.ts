import { defaultSentimentModelName, sentimentGroup, topics } from '@rapport/contracts'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { createTextService, type TextProfile } from '@rapport/text-serving'
import manifest from '../package.json' with { type: 'json' }
import { createSentimentLabeller } from './application/label-sentiments.ts'
import type { SentimentConfig } from './config.ts'
import { checkSentimentLabels } from './domain/check-labels.ts'
import { addAnalyzeRoute } from './routes/analyze.ts'

const profile: Omit<TextProfile, 'label'> = {
  service: 'sentiment',
  server: { name: manifest.name, version: manifest.version },
  prefix: '/v1/sentiment',
  word: 'Sentiment',
  metricPrefix: 'rapport_sentiment',
  tasks: ['sentiment'],
  defaultModel: defaultSentimentModelName,
  trainCommand: 'sentiment',
  stream: { group: sentimentGroup, topic: topics.sentiments.name },
  checkLabels: checkSentimentLabels,
}

/** Says how texts and their sentences speak of things, by the tenants' own models, and why. */
export const createSentimentService = (config: SentimentConfig, dependencies: ServiceDependencies): Promise<Service> =>
  createTextService(
    { profile: { ...profile, label: createSentimentLabeller() }, config, addRoutes: addAnalyzeRoute },
    dependencies,
  )
