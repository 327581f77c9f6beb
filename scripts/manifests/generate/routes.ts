import { routePrefixes } from '../../../packages/contracts/src/index.ts'
import { renderYaml } from './render-yaml.ts'

const port = 8080
const host = 'rapport.example.com'
const from = 'packages/contracts/src/routes.ts'

interface Path {
  readonly path: string
  readonly isExact: boolean
}
/** The descriptions of all services together; of its other paths the gateway's metrics are nobody's business outside. */
const documents: readonly Path[] = [
  { path: '/openapi.json', isExact: true },
  { path: '/docs', isExact: false },
]
const pathsOf: readonly (readonly [string, readonly Path[]])[] = [
  ...Object.entries(routePrefixes).map(([service, prefixes]): [string, Path[]] => [
    service,
    prefixes.map((path) => ({ path, isExact: false })),
  ]),
  ['gateway', documents],
]

const httpRoute = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'rapport' },
  spec: {
    parentRefs: [{ name: 'rapport' }],
    hostnames: [host],
    rules: pathsOf.map(([service, paths]) => ({
      matches: paths.map(({ path, isExact }) => ({ path: { type: isExact ? 'Exact' : 'PathPrefix', value: path } })),
      backendRefs: [{ name: service, port }],
    })),
  },
}

const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'rapport' },
  spec: {
    tls: [{ hosts: [host], secretName: 'rapport-tls' }],
    rules: [
      {
        host,
        http: {
          paths: pathsOf.flatMap(([service, paths]) =>
            paths.map(({ path, isExact }) => ({
              path,
              pathType: isExact ? 'Exact' : 'Prefix',
              backend: { service: { name: service, port: { name: 'http' } } },
            })),
          ),
        },
      },
    ],
  },
}

/** Routes to each service by the prefixes that it owns, by path. */
export const routeManifests = (): ReadonlyMap<string, string> =>
  new Map([
    ['k8s/components/gateway-api/routes.yaml', renderYaml(from, [httpRoute])],
    ['k8s/components/ingress/ingress.yaml', renderYaml(from, [ingress])],
  ])
