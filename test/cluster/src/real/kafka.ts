import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts, startKafka } from '@rapport/infra'
import { AclAdmin } from '@rapport/messaging/access-control-lists'
import { addScramUser } from '@rapport/messaging/scram-users'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import { makeCertificate } from '../cluster/certificates.ts'
import type { Resource } from '../cluster/kubectl.ts'
import { namespace } from '../cluster/pods.ts'
import { bridge } from './host.ts'

/** Of Strimzi's cluster `rapport`: what the manifests name. */
const [bootstrap, bootstrapPort, authority] = ['rapport-kafka-bootstrap', 9093, 'rapport-cluster-ca-cert'] as const

interface KafkaUser extends KubeObject {
  readonly spec: {
    readonly authorization: {
      readonly acls: readonly {
        readonly resource: { readonly type: 'topic' | 'group'; readonly name: string; readonly patternType: string }
        readonly operations: readonly string[]
      }[]
    }
  }
}

/** A broker beside the cluster, and the objects by which pods find it. */
export interface ClusterKafka extends AsyncDisposable {
  /** For whoever checks: without TLS, with all rights, on this machine alone. */
  readonly broker: string
  /** What Strimzi's operators would make: a Service, its endpoint, the users' passwords, the authority. */
  readonly objects: readonly Resource[]
}

/** Does the work of Strimzi's operators: one broker with TLS, with users, passwords and rights as the manifests have them. */
export async function startClusterKafka(folder: string, rendered: readonly KubeObject[]): Promise<ClusterKafka> {
  await using stack = new AsyncDisposableStack()
  const certificate = await makeCertificate({ folder, commonName: bootstrap, hosts: [bootstrap] })
  const keystore = join(folder, 'kafka.pem')
  const [key, chain] = await Promise.all(
    [certificate.key, certificate.certificate].map((file) => readFile(file, 'utf8')),
  )
  await writeFile(keystore, `${key}\n${chain}`, { mode: 0o600 })
  const [port = 0, controller = 0] = await freePorts(2)
  stack.use(await startKafka({ properties: properties({ port, controller, keystore }) }))
  const broker = `127.0.0.1:${port}`
  await makeTopics(broker)
  const users = rendered.filter((object): object is KafkaUser => object.kind === 'KafkaUser')
  const secrets: Resource[] = [secret(authority, { 'ca.crt': await readFile(certificate.authority, 'utf8') })]
  for (const { metadata } of users) {
    const password = randomBytes(16).toString('hex')
    await addScramUser(controller, { mechanism: 'scram-sha-512', name: metadata.name, password })
    secrets.push(secret(metadata.name, { password }))
  }
  using admin = new AclAdmin({ brokers: [broker] })
  await admin.add(users.flatMap(rightsOf))
  const owned = stack.move()
  return { broker, objects: [...secrets, ...endpoint()], [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const rightsOf = ({ metadata, spec }: KafkaUser) =>
  spec.authorization.acls.flatMap(({ resource: { type: resource, name, patternType }, operations }) =>
    operations.map((operation) => {
      return { principal: `User:${metadata.name}`, operation, resource, name, isPrefixed: patternType === 'prefix' }
    }),
  )

const properties = ({
  port,
  controller,
  keystore,
}: Readonly<Record<'port' | 'controller', number>> & { readonly keystore: string }) => ({
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},SERVICES://${bridge.address}:${bootstrapPort},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SERVICES://${bootstrap}:${bootstrapPort}`,
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SERVICES:SASL_SSL',
  'listener.name.services.ssl.keystore.type': 'PEM',
  'listener.name.services.ssl.keystore.location': keystore,
  'listener.name.services.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'listener.name.services.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'false',
  // Whoever comes over the listeners of this machine.
  'super.users': 'User:ANONYMOUS',
})

async function makeTopics(broker: string): Promise<void> {
  const cli = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))
  const args = [cli, 'topics', 'apply', '--replication', '1', '--min-insync', '1']
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, RAPPORT_KAFKA_BROKERS: broker } })
}

/** A Service whose pods are none: the broker of this machine. */
function endpoint(): readonly Resource[] {
  const ports = [{ name: 'services', port: bootstrapPort }]
  const labels = { 'kubernetes.io/service-name': bootstrap }
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: bootstrap, namespace }, spec: { ports } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: bootstrap, namespace, labels },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: [bridge.address], conditions: { ready: true } }],
    },
  ]
}

/** @param data As text. */
export const secret = (name: string, stringData: Readonly<Record<string, string>>): Resource => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  stringData,
})
