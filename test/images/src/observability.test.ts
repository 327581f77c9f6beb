import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { obtainPromtool } from '@rapport/infra'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { workspace } from './build-service.ts'

const run = promisify(execFile)
const docker = join(workspace, 'docker')
const read = async (file: string): Promise<unknown> =>
  parse(await readFile(join(docker, file), 'utf8'), { merge: true })

interface Layer {
  readonly services: Readonly<Record<string, LayerService>>
}
interface LayerService {
  readonly image?: string
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}
const base = (await read('compose.yaml')) as Layer
const layer = (await read('compose.observability.yaml')) as Layer
const own = ['prometheus', 'grafana', 'collector']
/** What answers `/metrics` and records traces. */
const services = Object.keys(base.services).filter((name) => !['kafka', 'redis', 's3', 'topics'].includes(name))

/** Where a service finds a file of ours; by the path in the container. */
function mounts(name: string): Map<string, string> {
  const bound = (layer.services[name]?.volumes ?? []).filter((volume) => volume.startsWith('.'))
  return new Map(bound.map((volume) => volume.split(':')).map(([from = '', to = '']) => [to, join(docker, from)]))
}

it('contains what it adds, and names exact versions of others’ images', () => {
  for (const name of own)
    expect(layer.services[name]).toMatchObject({
      image: expect.stringMatching(/^\$\{RAPPORT_\w+_IMAGE:-[\w./-]+:v?\d+\.\d+\.\d+\}$/) as string,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+[mg]$/) as string,
      pids_limit: expect.any(Number) as number,
    })
})

it('lets services record traces, under the names that they are scraped by, and only with this layer', async () => {
  const { receivers, service } = (await read('observability/collector.yaml')) as Collector
  const [, port] = receivers.otlp.protocols.http.endpoint.split(':')
  expect(Object.keys(layer.services).toSorted()).toEqual([...own, ...services].toSorted())
  for (const name of services) {
    expect(layer.services[name]?.environment).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://collector:${port}` })
    const image = base.services[name]?.image ?? ''
    expect(layer.services[name]?.environment?.['OTEL_SERVICE_NAME'] ?? /rapport\/([\w-]+):/.exec(image)?.[1]).toBe(name)
  }
  expect(JSON.stringify(base)).not.toContain('OTEL_')
  expect(service.pipelines).toEqual({
    traces: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: ['debug'] },
  })
})

interface Collector {
  readonly receivers: { readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } } }
  readonly service: { readonly pipelines: unknown }
}

it('gives Grafana the dashboards, and the one data source of their kind', async () => {
  const mounted = mounts('grafana')
  const provisioned = async (kind: string): Promise<unknown[]> => {
    const folder = mounted.get(`/etc/grafana/provisioning/${kind}`) ?? ''
    return Promise.all((await readdir(folder)).map(async (file) => parse(await readFile(join(folder, file), 'utf8'))))
  }
  expect(await provisioned('datasources')).toMatchObject([
    { datasources: [{ type: 'prometheus', isDefault: true, url: 'http://prometheus:9090' }] },
  ])
  const [
    {
      providers: [provider],
    },
  ] = (await provisioned('dashboards')) as [Provisioning]
  const folder = mounted.get(provider.options.path) ?? ''
  const dashboards = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  expect(dashboards.length).toBeGreaterThan(3)
  for (const name of dashboards) {
    const text = await readFile(join(folder, name), 'utf8')
    const sources = [...text.matchAll(/"datasource":\s*(\{[^{}]*(?:\$\{datasource\})?[^{}]*\})/g)]
    expect(sources.length).toBeGreaterThan(0)
    for (const [, source = ''] of sources)
      expect(JSON.parse(source)).toEqual({ type: 'prometheus', uid: '${datasource}' })
  }
})

interface Provisioning {
  readonly providers: readonly [{ readonly options: { readonly path: string } }]
}

const promtool = await obtainPromtool().catch((error: unknown) => {
  if ((process.env['CI'] ?? '') !== '') throw error
  return undefined
})

it.skipIf(promtool === undefined)('gives Prometheus every service to scrape, and the rules', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'rapport-prometheus-'))
  const root = '/etc/rapport'
  for (const [to, from] of mounts('prometheus')) {
    await mkdir(join(folder.path, to.slice(root.length), '..'), { recursive: true })
    await cp(from, join(folder.path, to.slice(root.length)))
  }
  const { stdout } = await run(promtool ?? '', ['check', 'config', join(folder.path, 'prometheus.yaml')])
  expect(stdout).toContain('1 rule files found')
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  const { scrape_configs: scraped } = (await read('observability/prometheus.yaml')) as Prometheus
  expect(scraped.map(({ job_name: job }) => job)).toEqual(services.toSorted())
  for (const { job_name: job, dns_sd_configs: found } of scraped)
    expect(found).toMatchObject([{ names: [job], port: 8080 }])
})

interface Prometheus {
  readonly scrape_configs: readonly { readonly job_name: string; readonly dns_sd_configs: readonly unknown[] }[]
}
