// Writes what documents and manifests have from the code: tables of variables, topics and metrics, the AsyncAPI document,
// Kafka's topics and users, routes and network policies, rules for Prometheus and dashboards for Grafana; with --check it only
// compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTopics } from '../packages/contracts/src/async-api.ts'
import { configTables } from './docs/config-tables.ts'
import { metricsTable } from './docs/metrics-table.ts'
import { rightsOnRedis } from './docs/redis-rights.ts'
import { topicTable } from './docs/topic-table.ts'
import { readEdges } from './manifests/edges.ts'
import { kafkaManifests } from './manifests/generate/kafka-resources.ts'
import { networkPolicies, policiesToAddresses } from './manifests/generate/network-policies.ts'
import { routeManifests } from './manifests/generate/routes.ts'
import { dashboardFiles } from './observability/dashboards.ts'
import { prometheusRule, rulesFile } from './observability/rules.ts'

const at = (path: string): string => join(import.meta.dirname, '..', path)
const region = /(<!-- generated -->\n)[\s\S]*?(<!-- end of generated -->)/

function withRegion(path: string, text: string): string {
  const standing = readFileSync(at(path), 'utf8')
  if (!region.test(standing)) throw new Error(`${path} has no place for what is generated`)
  return standing.replace(region, (_, start: string, end: string) => `${start}\n${text}\n${end}`)
}

const edges = readEdges(at('.'))
const wanted = new Map([
  ...[...configTables].map(([path, table]): [string, string] => [path, withRegion(path, table)]),
  ['docs/events.md', withRegion('docs/events.md', topicTable())],
  ['docs/metrics.md', withRegion('docs/metrics.md', await metricsTable())],
  ['docs/redis.md', withRegion('docs/redis.md', rightsOnRedis())],
  ['k8s/components/alerts/rapport.rules.yaml', rulesFile()],
  ['k8s/components/alerts/prometheus-rule.yaml', prometheusRule()],
  ...dashboardFiles(),
  ['docs/asyncapi.json', `${JSON.stringify(describeTopics({ title: 'Rapport', version: '0.1.0' }), undefined, 2)}\n`],
  ...kafkaManifests(),
  ...routeManifests(),
  ['k8s/components/network-policies/policies.yaml', networkPolicies(edges)],
  ['k8s/components/network-policies/elsewhere/policies.yaml', policiesToAddresses(edges)],
])
const isCheck = process.argv.includes('--check')
const stale = [...wanted].filter(([path, text]) => read(path) !== text)
if (!isCheck) for (const [path, text] of stale) writeFileSync(at(path), text)
if (stale.length > 0)
  console.log(`${isCheck ? 'not up to date' : 'written'}: ${stale.map(([path]) => path).join(', ')}`)
process.exitCode = isCheck && stale.length > 0 ? 1 : 0

function read(path: string): string | undefined {
  try {
    return readFileSync(at(path), 'utf8')
  } catch {
    // It is not there yet.
    return undefined
  }
}
