import { business } from './dashboards/business.ts'
import { toGrafana } from './dashboards/layout.ts'
import { models } from './dashboards/models.ts'
import { platform } from './dashboards/platform.ts'
import { service } from './dashboards/service.ts'

/** Path and text of each dashboard. */
export const dashboardFiles = (): [path: string, text: string][] =>
  [platform, service, models, business].map((dashboard) => [
    `k8s/components/dashboards/${dashboard.uid}.json`,
    `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`,
  ])
