import { describe, expect, test } from 'vitest'
import { checkCoreKind, isCoreKind } from './core-kinds.ts'
import type { KubeObject } from './objects.ts'

const deployment = (container: object, spec: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', ...container }] } },
    ...spec,
  },
})
const container = '.spec.template.spec.containers[0]'

describe("Kubernetes's own kinds", () => {
  test('an object as the API describes it is right', () => {
    const probe = { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 }
    const resources = { limits: { memory: '1Gi' } }
    expect(checkCoreKind(deployment({ startupProbe: probe, resources }, { replicas: 2 }))).toEqual([])
    expect(checkCoreKind(deployment({ startupProbe: { ...probe, httpGet: { port: 8080 } } }))).toEqual([])
  })

  test.each([
    ['a misspelt field', deployment({ redinessProbe: {} }), `${container}.redinessProbe is not known (V1Container)`],
    ['a number as text', deployment({}, { replicas: '2' }), '.spec.replicas is "2", which is no whole number'],
    ['a fraction', deployment({}, { replicas: 1.5 }), '.spec.replicas is 1.5, which is no whole number'],
    ['text as a number', deployment({ image: 7 }), `${container}.image is 7, which is no string`],
    ['one for a list', deployment({ env: {} }), `${container}.env is no list`],
    [
      'a list for an object',
      deployment({ securityContext: [] }),
      `${container}.securityContext is [], which is no V1SecurityContext`,
    ],
    [
      'a quantity without quotes',
      deployment({ resources: { limits: { cpu: 1 } } }),
      `${container}.resources.limits.cpu is 1, which is no string`,
    ],
    ['a missing name', deployment({ env: [{ value: 'x' }] }), `${container}.env[0].name is missing (V1EnvVar)`],
    ['a missing selector', deployment({}, { selector: undefined }), '.spec.selector'],
    ['an unknown kind', { ...deployment({}), kind: 'Deploymnet' }, 'apps/v1 has no kind Deploymnet'],
  ])('%s is told', (_, object, problem) => {
    expect(checkCoreKind(object).join('\n')).toContain(problem)
  })

  test('a custom resource is none of them', () => {
    expect(isCoreKind({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } })).toBe(true)
    expect(isCoreKind({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'a' } })).toBe(true)
    expect(isCoreKind({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'a' } })).toBe(false)
  })
})
