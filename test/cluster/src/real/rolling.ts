import { until } from '@rapport/infra'
import { Load, type Answer } from '@rapport/test-resilience'
import type { Kubectl } from '../cluster/kubectl.ts'
import { isReady, namespace, ofService, podsOf } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'
import type { Platform } from './platform.ts'
import { secondsToReady } from './start.ts'

/** What serves calls, and what it is asked. */
const asked = {
  ingestion: {
    path: '/v1/track',
    body: { userId: 'visitor-1', event: 'Product Viewed', properties: { product_id: 'none' } },
  },
  feature: { path: '/v1/features', body: { entities: [{ kind: 'user', id: 'visitor-1' }], features: ['lastSeen'] } },
  recommendation: { path: '/v1/recommendations', body: { userId: 'visitor-1', count: 5 } },
  'text-classification': { path: '/v1/text/classify', body: { documents: [{ id: '1', text: 'The lamp is lovely' }] } },
  sentiment: { path: '/v1/sentiment/analyze', body: { documents: [{ id: '1', text: 'The lamp is lovely' }] } },
  gateway: { path: '/v1/recommendations', body: { userId: 'visitor-1', count: 5 } },
} as const
type Service = keyof typeof asked
const services = Object.keys(asked) as readonly Service[]
const perSecond = 300
/** The bar. */
const leastRequests = 50_000

/** Requests to services in turn, each at its own Service's address. */
export async function ask(platform: Platform, among: readonly Service[]): Promise<Load> {
  const headers = { authorization: `Bearer ${platform.key}`, 'content-type': 'application/json' }
  const targets = await Promise.all(
    among.map(async (service) => {
      const { path, body } = asked[service]
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      return { url: `${await platform.urlOf(service)}${path}`, init }
    }),
  )
  return new Load({ perSecond, next: (number) => targets[number % targets.length] ?? { url: '', init: {} } })
}

/** A new pod takes over before the old one goes, and nobody notices. */
export async function checkRollingRestarts(
  kubectl: Kubectl,
  platform: Platform,
  transcript: Transcript,
): Promise<void> {
  await transcript.check('each service is restarted under load, and no request fails', async () => {
    const load = await ask(platform, services)
    const began = new Map<Service, number>()
    try {
      for (const service of services) {
        began.set(service, performance.now())
        await kubectl.run(['rollout', 'restart', '-n', namespace, `deployment/${service}`])
        await kubectl.run(['rollout', 'status', '-n', namespace, `deployment/${service}`, '--timeout=120s'])
      }
      await until(() => load.answers.length >= leastRequests, { withinMs: 120_000, everyMs: 500 })
    } finally {
      await load.stop()
    }
    return tell(load.answers, ({ number, startedMs }) => {
      const service = services[number % services.length] ?? 'gateway'
      return `of ${service} ${Math.round((startedMs - (began.get(service) ?? 0)) / 1000)} s after its restart`
    })
  })
}

const withoutIds = ({ status, body }: Answer): string => `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? ''}`.trim()

/** @throws Error when a request failed; `which` says what it was. */
export function tell(answers: readonly Answer[], which: (answer: Answer) => string): string {
  const failed = answers.filter(({ status }) => status !== 200)
  const kinds = [...Map.groupBy(failed, (one) => `${which(one)}: ${one.failure ?? withoutIds(one)}`)]
  const listed = kinds.slice(0, 5).map(([kind, all]) => `${all.length} ${kind}`)
  must(failed.length === 0, `${failed.length} of ${answers.length} failed: ${listed.join('; ')}`)
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(0)
  return `0 of ${answers.length} requests failed, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

/** How long a pod of each service takes from the start of its container until it is ready, when no other starts. */
export async function checkColdStarts(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  await transcript.check('from the start of a container to a ready pod, one service after another', async () => {
    const seconds: string[] = []
    for (const service of [...services, 'control']) {
      const [old] = await podsOf(kubectl, ofService(service))
      await kubectl.run(['delete', 'pod', '-n', namespace, old?.metadata.name ?? '', '--wait=false'])
      const isBack = await until(
        async () => {
          const [pod] = await podsOf(kubectl, ofService(service))
          return pod !== undefined && pod.metadata.name !== old?.metadata.name && isReady(pod)
        },
        { withinMs: 90_000, everyMs: 250 },
      )
      must(isBack, `no new pod of ${service} is ready`)
      seconds.push(`${service} ${await secondsToReady(kubectl, service)} s`)
    }
    return `${seconds.join(', ')}; the node counts whole seconds`
  })
}
