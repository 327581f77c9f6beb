import { stringify } from 'yaml'
import { alertGroups } from './alerts.ts'
import type { AlertRule, RecordingRule } from './rule-group.ts'
import { sloGroups } from './slos.ts'

const note = ' Written by `npm run docs` from scripts/observability.\n'

const withRunbook = (rule: RecordingRule | AlertRule): object =>
  'alert' in rule ? { ...rule, annotations: { ...rule.annotations, runbook: `docs/runbooks/${rule.alert}.md` } } : rule

const groups = [...sloGroups, ...alertGroups].map(({ name, rules }) => ({ name, rules: rules.map(withRunbook) }))
const toYaml = (content: object): string =>
  `#${note}${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`

/** The rules as Prometheus reads them. */
export const rulesFile = (): string => toYaml({ groups })

/** The same rules for the Prometheus operator. */
export const prometheusRule = (): string =>
  toYaml({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'rapport', labels: { 'app.kubernetes.io/part-of': 'rapport' } },
    spec: { groups },
  })
