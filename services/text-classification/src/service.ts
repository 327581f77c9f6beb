import { defaultTextModelName, textClassificationGroup, topics } from '@rapport/contracts'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { createTextService, type TextProfile } from '@rapport/text-serving'
import manifest from '../package.json' with { type: 'json' }
import { labelTexts } from './application/label-texts.ts'
import type { TextClassificationConfig } from './config.ts'
import { addClassifyRoute } from './routes/classify.ts'

const profile: TextProfile = {
  service: 'text-classification',
  server: { name: manifest.name, version: manifest.version },
  prefix: '/v1/text',
  word: 'Text',
  metricPrefix: 'rapport_text',
  tasks: ['text-classification'],
  defaultModel: defaultTextModelName,
  trainCommand: 'text',
  label: labelTexts,
  stream: { group: textClassificationGroup, topic: topics.textLabels.name },
}

/** Labels texts by the tenants' own models and says why. */
export const createTextClassificationService = (
  config: TextClassificationConfig,
  dependencies: ServiceDependencies,
): Promise<Service> => createTextService({ profile, config, addRoutes: addClassifyRoute }, dependencies)
