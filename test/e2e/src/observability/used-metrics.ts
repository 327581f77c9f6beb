import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const components = new URL('../../../../k8s/components/', import.meta.url)
export const rulesPath = fileURLToPath(new URL('alerts/rapport.rules.yaml', components))

export interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: { readonly summary: string; readonly runbook: string }
}

interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

const readYaml = async (name: string): Promise<unknown> => parse(await readFile(new URL(name, components), 'utf8'))
const rulesOf = ({ groups }: RuleGroups): Rule[] => groups.flatMap(({ rules }) => rules)

export const readRules = async (): Promise<Rule[]> =>
  rulesOf((await readYaml('alerts/rapport.rules.yaml')) as RuleGroups)

/** The rules that Kubernetes gets. */
export const readPrometheusRule = async (): Promise<Rule[]> =>
  rulesOf(((await readYaml('alerts/prometheus-rule.yaml')) as { spec: RuleGroups }).spec)

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly targets?: readonly { readonly expr: string }[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
}

/** By file name. */
export async function readDashboards(): Promise<Map<string, Dashboard>> {
  const folder = new URL('dashboards/', components)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const read = async (name: string): Promise<[string, Dashboard]> => [
    name,
    JSON.parse(await readFile(new URL(name, folder), 'utf8')) as Dashboard,
  ]
  return new Map(await Promise.all(files.map(read)))
}

/** Files that the kustomization of the dashboards hands to Grafana. */
export async function deployedDashboards(): Promise<string[]> {
  const { configMapGenerator } = (await readYaml('dashboards/kustomization.yaml')) as {
    configMapGenerator: { files: string[] }[]
  }
  return configMapGenerator.flatMap(({ files }) => files)
}

/** An expression as Prometheus takes it: what Grafana fills in is filled in. */
export const filledIn = (expr: string): string => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.+')

/** Every expression of rules and dashboards. */
export async function allExpressions(): Promise<string[]> {
  const dashboards = [...(await readDashboards()).values()]
  const shown = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets ?? []))
  return [...(await readRules()), ...shown].map(({ expr }) => filledIn(expr))
}

const runbooks = new URL('../../../../docs/runbooks/', import.meta.url)

/** What the runbooks ask Prometheus. */
export async function runbookQueries(): Promise<string[]> {
  const pages = await Promise.all((await readdir(runbooks)).map((file) => readFile(new URL(file, runbooks), 'utf8')))
  return Array.from(pages.join('\n').matchAll(/promtool query instant \S+ '([^']+)'/g), ([, expr = '']) => expr)
}

/** A metric in an expression, and the labels by which its series are chosen. */
export interface UsedMetric {
  readonly name: string
  readonly labels: readonly string[]
}

const words = new Set(['and', 'or', 'unless', 'offset', 'bool'])

/** The metrics that an expression in PromQL reads. */
export function usedMetrics(expr: string): UsedMetric[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)/g, '')
  const found = bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g)
  return Array.from(found).flatMap(([, name = '', after = '']) => {
    if (words.has(name) || after === '(') return []
    return [{ name, labels: Array.from(after.matchAll(/(\w+)\s*[=!]/g), ([, label = '']) => label) }]
  })
}

/** The labels by which an expression groups or matches. */
export const groupingLabels = (expr: string): string[] =>
  Array.from(expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g), ([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  )
    .flat()
    .filter((label) => label !== '')
