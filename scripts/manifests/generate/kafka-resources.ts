import { topics, type TopicDescription } from '../../../packages/contracts/src/index.ts'
import { topicSettings } from '../../../packages/messaging/src/drivers/kafka/topic-settings.ts'
import { kafkaRights, operatorRights, scaledGroups, type KafkaRights } from './kafka-rights.ts'
import { renderYaml } from './render-yaml.ts'

const replication = { replication: 3, minInsyncReplicas: 2 }
const apiVersion = 'kafka.strimzi.io/v1'
/** Strimzi's operators take what has the cluster's name. */
const labels = { 'strimzi.io/cluster': 'rapport' }

interface Acl {
  readonly resource: { readonly type: 'topic' | 'group'; readonly name: string; readonly patternType: string }
  readonly operations: readonly string[]
}

/** Settings as numbers and booleans where they are such, as Strimzi compares them. */
const settingValue = (text: string): string | number | boolean =>
  text === 'true' || text === 'false' ? text === 'true' : Number.isNaN(Number(text)) ? text : Number(text)

function toKafkaTopic(topic: TopicDescription): object {
  const settings = Object.entries(topicSettings(topic, replication)).map(([name, text]) => [name, settingValue(text)])
  return {
    apiVersion,
    kind: 'KafkaTopic',
    metadata: { name: topic.name, labels },
    spec: {
      partitions: topic.partitions,
      replicas: replication.replication,
      config: Object.fromEntries(settings) as object,
    },
  }
}

const acl = (type: 'topic' | 'group', name: string, operations: readonly string[], patternType = 'literal'): Acl => ({
  resource: { type, name, patternType },
  operations,
})

/** At its start a service looks whether all topics are there. */
const seesTopics = acl('topic', 'rapport.', ['Describe'], 'prefix')

function aclsOf({ reads, writes, groups, watches = [], inboxes, describesSettings }: KafkaRights): readonly Acl[] {
  const used = (Object.keys(topics) as (keyof typeof topics)[]).filter((key) => [...reads, ...writes].includes(key))
  return [
    seesTopics,
    ...(describesSettings === true ? [acl('topic', 'rapport.', ['DescribeConfigs'], 'prefix')] : []),
    ...used.map((key) =>
      acl('topic', topics[key].name, [
        ...(reads.includes(key) ? ['Read'] : []),
        ...(writes.includes(key) ? ['Write'] : []),
      ]),
    ),
    ...(inboxes === undefined
      ? []
      : [acl('topic', 'rapport.inbox.', inboxes === 'read' ? ['Read'] : ['Read', 'Write'], 'prefix')]),
    ...groups.map((group) => acl('group', group, ['Read'])),
    ...watches.map((group) => acl('group', group, ['Describe'])),
  ]
}

const toKafkaUser = (name: string, acls: readonly Acl[]): object => ({
  apiVersion,
  kind: 'KafkaUser',
  metadata: { name, labels },
  spec: { authentication: { type: 'scram-sha-512' }, authorization: { type: 'simple', acls } },
})

/** How a service's process logs in: the password is in the secret that Strimzi names after the user. */
const toLogin = (service: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: service },
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'service',
            env: [
              { name: 'RAPPORT_KAFKA_USERNAME', value: `rapport-${service}` },
              {
                name: 'RAPPORT_KAFKA_PASSWORD',
                valueFrom: { secretKeyRef: { name: `rapport-${service}`, key: 'password' } },
              },
            ],
            volumeMounts: [{ name: 'kafka-ca', mountPath: '/etc/rapport/kafka', readOnly: true }],
          },
        ],
        volumes: [
          {
            name: 'kafka-ca',
            secret: { secretName: 'rapport-cluster-ca-cert', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
          },
        ],
      },
    },
  },
})

/** Topics, users and logins for Strimzi, by path. */
export function kafkaManifests(): ReadonlyMap<string, string> {
  const users = Object.entries(kafkaRights).map(([service, rights]) =>
    toKafkaUser(`rapport-${service}`, aclsOf(rights)),
  )
  const watching = scaledGroups.map((group) => acl('group', group, ['Describe']))
  const topicList = Object.values(topics).map(toKafkaTopic)
  return new Map([
    ['k8s/components/kafka/topics.yaml', renderYaml('packages/contracts/src/topics.ts', topicList)],
    [
      'k8s/components/kafka/users.yaml',
      renderYaml('scripts/manifests/generate/kafka-rights.ts', [
        ...users,
        toKafkaUser('rapport-keda', [seesTopics, ...watching]),
        toKafkaUser('rapport-operator', aclsOf(operatorRights)),
      ]),
    ],
    [
      'k8s/components/kafka/logins.yaml',
      renderYaml('scripts/manifests/generate/kafka-rights.ts', Object.keys(kafkaRights).map(toLogin)),
    ],
  ])
}
