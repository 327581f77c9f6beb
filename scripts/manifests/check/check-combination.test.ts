import { describe, expect, test } from 'vitest'
import { checkCombination } from './check-combination.ts'
import type { KubeObject } from './objects.ts'
import { canRender, changed, container, context, objects, pod, type Case, type Path } from './testing/changed.ts'

const withEnv = (entry: object) => (old: unknown) => [...(old as object[]), entry]
const without = (name: string) => (old: unknown) => (old as { name: string }[]).filter((entry) => entry.name !== name)

const env: Path = [...container, 'env']
const cases: readonly Case[] = [
  [
    'a variable that nobody reads',
    'Deployment',
    'feature',
    env,
    withEnv({ name: 'RAPPORT_FEATURE_BATCH', value: '1' }),
    'RAPPORT_FEATURE_BATCH is read by nobody',
  ],
  [
    'a variable of another service',
    'Deployment',
    'feature',
    env,
    withEnv({ name: 'RAPPORT_TEXT_MODEL_BYTES', value: '1' }),
    'RAPPORT_TEXT_MODEL_BYTES is read by nobody',
  ],
  [
    'a service without a name in traces',
    'Deployment',
    'control',
    env,
    without('OTEL_SERVICE_NAME'),
    'goes by the name of its image in traces',
  ],
  [
    'a value that is refused',
    'Deployment',
    'feature',
    env,
    withEnv({ name: 'RAPPORT_FEATURE_BATCH_EVENTS', value: 'many' }),
    'RAPPORT_FEATURE_BATCH_EVENTS must be an integer',
  ],
  [
    'a required variable that is missing',
    'Deployment',
    'gateway',
    env,
    without('RAPPORT_FEATURE_URLS'),
    'RAPPORT_FEATURE_URLS is required',
  ],
  [
    'a store that is not named',
    'Deployment',
    'ingestion',
    env,
    without('RAPPORT_REDIS_URL'),
    'RAPPORT_REDIS_URL is required',
  ],
  [
    'a login without its password',
    'Deployment',
    'ingestion',
    env,
    without('RAPPORT_KAFKA_PASSWORD'),
    'RAPPORT_KAFKA_PASSWORD is required',
  ],
  [
    'a secret in the manifests',
    'Deployment',
    'control',
    env,
    (old: unknown) => [
      ...(without('RAPPORT_ADMIN_KEY')(old) as object[]),
      { name: 'RAPPORT_ADMIN_KEY', value: `rpt_${'B'.repeat(43)}` },
    ],
    'RAPPORT_ADMIN_KEY is secret and stands in the manifests',
  ],
  [
    'a secret that nobody makes',
    'Deployment',
    'control',
    env,
    withEnv({ name: 'RAPPORT_CACHE_URL', valueFrom: { secretKeyRef: { name: 'rapport-cache', key: 'url' } } }),
    'rapport-cache/url, which nobody makes',
  ],
  [
    'a lost ConfigMap',
    'Deployment',
    'sentiment',
    [...container, 'envFrom', 0, 'configMapRef', 'name'],
    'rapport-proces',
    'rapport-proces, which is not there',
  ],
  [
    'a wrong address of a service',
    'Deployment',
    'gateway',
    env,
    (old: unknown) => [
      ...(without('RAPPORT_CONTROL_URLS')(old) as object[]),
      { name: 'RAPPORT_CONTROL_URLS', value: 'http://control:8081' },
    ],
    'control:8081, where control is not',
  ],
  [
    'a store that is not there',
    'ConfigMap',
    'rapport-stores',
    ['data', 'RAPPORT_S3_ENDPOINT'],
    'http://s3:7070',
    'RAPPORT_S3_ENDPOINT names s3:7070, which is not there',
  ],
  [
    'brokers that no policy lets reach',
    'ConfigMap',
    'rapport-stores',
    ['data', 'RAPPORT_KAFKA_BROKERS'],
    'kafka.example.com:9094',
    'kafka.example.com:9094, to whose port no edge',
  ],
  [
    'a path that no process has',
    'Deployment',
    'feature',
    [...container, 'readinessProbe', 'httpGet', 'path'],
    '/ready',
    'asks /ready for its readiness',
  ],
  [
    'a probe of another port',
    'Deployment',
    'feature',
    [...container, 'livenessProbe', 'httpGet', 'port'],
    8081,
    'asks port 8081',
  ],
  [
    'no start-up probe',
    'Deployment',
    'feature',
    [...container, 'startupProbe'],
    undefined,
    'asks nothing for its start',
  ],
  ['too short a grace', 'Deployment', 'control', [...pod, 'terminationGracePeriodSeconds'], 30, 'is killed after 30 s'],
  [
    'no sleep before the signal',
    'Deployment',
    'control',
    [...container, 'lifecycle'],
    undefined,
    'before those who call it can know',
  ],
  [
    'a heap as large as the limit',
    'Deployment',
    'gateway',
    [...container, 'resources', 'limits', 'memory'],
    '320Mi',
    'may need 320 MiB',
  ],
  [
    "root's group",
    'Deployment',
    'feature',
    [...pod, 'securityContext', 'supplementalGroups'],
    [0],
    "has no group by number, or root's",
  ],
  [
    'an alert that is misspelt',
    'PrometheusRule',
    'rapport',
    ['spec', 'groups', 0, 'rules', 0],
    { alert: 'RapportAny', exprr: 'up == 0' },
    '/exprr is not known',
  ],
  [
    'a response to a part of the rules that is none',
    'PrometheusRule',
    'rapport',
    ['spec', 'groups', 0, 'partial_response_strategy'],
    'perhaps',
    'must match pattern',
  ],
  ['root', 'Deployment', 'feature', [...pod, 'securityContext', 'runAsNonRoot'], undefined, 'may run as root'],
  [
    'a writable root',
    'Deployment',
    'feature',
    [...container, 'securityContext', 'readOnlyRootFilesystem'],
    false,
    'may write to its root file system',
  ],
  [
    'capabilities',
    'StatefulSet',
    'redis',
    [...container, 'securityContext', 'capabilities'],
    undefined,
    'keeps capabilities',
  ],
  [
    'no seccomp',
    'Deployment',
    'feature',
    [...pod, 'securityContext', 'seccompProfile'],
    undefined,
    'no seccomp profile',
  ],
  ['an image of no version', 'Deployment', 'feature', [...container, 'image'], 'rapport/feature', 'of no version'],
  ['a token', 'Deployment', 'feature', [...pod, 'automountServiceAccountToken'], true, 'gets a token'],
  [
    'another service account',
    'Deployment',
    'feature',
    [...pod, 'serviceAccountName'],
    'control',
    'a service account of its own',
  ],
  ['an unknown priority', 'Deployment', 'feature', [...pod, 'priorityClassName'], 'urgent', 'has the priority urgent'],
  [
    'processes taken away first',
    'Deployment',
    'feature',
    ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'],
    1,
    'takes processes away',
  ],
  ['replicas beside a scaler', 'Deployment', 'feature', ['spec', 'replicas'], 3, 'both say how many'],
  [
    'more processes than partitions',
    'ScaledObject',
    'feature',
    ['spec', 'maxReplicaCount'],
    9,
    'goes above the 8 partitions',
  ],
  [
    'the lag of another group',
    'ScaledObject',
    'feature',
    ['spec', 'triggers', 1, 'metadata', 'consumerGroup'],
    'rapport.sentiment',
    'in which feature does not consume',
  ],
  [
    'a metric that nobody exports',
    'ScaledObject',
    'ingestion',
    ['spec', 'triggers', 1, 'metadata', 'query'],
    'sum(rate(rapport_requests_total[1m]))',
    'asks for rapport_requests_total, which no process has',
  ],
  [
    'a login of KEDA that nobody makes',
    'TriggerAuthentication',
    'kafka-lag',
    ['spec', 'secretTargetRef', 0, 'name'],
    'rapport-lag',
    'takes rapport-lag/password, which nobody makes',
  ],
  [
    'a field that KEDA does not know',
    'ScaledObject',
    'feature',
    ['spec', 'maxReplicas'],
    3,
    '/spec/maxReplicas is not known',
  ],
  [
    'a field that Strimzi needs',
    'KafkaUser',
    'rapport-feature',
    ['spec', 'authorization', 'type'],
    undefined,
    "must have required property 'type'",
  ],
  [
    'a budget of nobody',
    'PodDisruptionBudget',
    'feature',
    ['spec', 'selector', 'matchLabels'],
    { 'app.kubernetes.io/name': 'features' },
    'Deployment feature has no PodDisruptionBudget',
  ],
  [
    'a Service of all',
    'Service',
    'feature',
    ['spec', 'selector'],
    { 'app.kubernetes.io/part-of': 'rapport' },
    'Service feature is for 12 workloads',
  ],
  [
    'a port that the pods have not',
    'Service',
    'feature',
    ['spec', 'ports', 0, 'targetPort'],
    'web',
    'leads to port web',
  ],
  [
    'a route to another service',
    'HTTPRoute',
    'rapport',
    ['spec', 'rules', 1, 'backendRefs', 0, 'name'],
    'control',
    'does not lead /v1/features to feature alone',
  ],
  [
    'metrics for everybody',
    'Ingress',
    'rapport',
    ['spec', 'rules', 0, 'http', 'paths', 0, 'path'],
    '/',
    'leads / to the outside',
  ],
  [
    'a disk that is smaller than what topics keep',
    'KafkaNodePool',
    'broker',
    ['spec', 'storage', 'volumes', 0, 'size'],
    '100Gi',
    'has 100Gi a broker, where topics may keep so much that 147Gi are needed',
  ],
  [
    'a secret of fewer keys',
    'ExternalSecret',
    'rapport-redis',
    ['spec', 'data'],
    (old: unknown) => (old as object[]).slice(1),
    'does not make of rapport-redis what pods use: url',
  ],
  [
    'a policy for all ports',
    'NetworkPolicy',
    'feature',
    ['spec', 'ingress', 0, 'ports'],
    undefined,
    'is allowed and not declared',
  ],
  [
    'a policy for nobody',
    'NetworkPolicy',
    'feature',
    ['spec', 'podSelector', 'matchLabels'],
    { 'app.kubernetes.io/name': 'nobody' },
    'is declared and not allowed',
  ],
]

describe.skipIf(!canRender)(
  `the check of manifests${canRender ? '' : ' (skipped: neither kubectl nor kustomize is here, nor Go to build it)'}`,
  () => {
    test('finds nothing in those that stand here', () => {
      expect(objects.length).toBeGreaterThan(50)
      expect(checkCombination(objects, context)).toEqual([])
    })

    test.each(cases)('finds %s', (...[, kind, name, path, value, problem]) => {
      const problems = checkCombination(changed(kind, name, path, value), context)
      expect(problems.join('\n')).toContain(problem)
    })

    test('finds models that are larger than the limit', () => {
      const larger = (old: unknown) =>
        (old as { name: string; value?: string }[]).map((entry) =>
          entry.name === 'RAPPORT_RECOMMENDATION_MODEL_BYTES' ? { ...entry, value: '1073741824' } : entry,
        )
      expect(checkCombination(changed('Deployment', 'recommendation', env, larger), context).join('\n')).toContain(
        'may need 1920 MiB',
      )
    })

    test('finds a kind without a schema, and an object that is there twice', () => {
      const rollout: KubeObject = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'feature' } }
      expect(checkCombination([...objects, rollout], context)).toEqual([
        'Rollout feature: k8s/schemas has none for argoproj.io/v1alpha1 Rollout',
      ])
      const [first] = objects
      expect(checkCombination([...objects, ...(first === undefined ? [] : [first])], context).join()).toContain(
        'is there twice',
      )
    })
  },
)
