import { randomBytes } from 'node:crypto'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { imageOf } from '@rapport/infra'
import { connectDrivers, createLogger, readConfig, StoresSchema, type Drivers } from '@rapport/service-kit'
import { redisRights } from '../../../../packages/online-store/src/drivers/redis/rights.ts'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import type { Resource } from '../cluster/kubectl.ts'
import { namespace, ofService, podsOf } from '../cluster/pods.ts'
import { secret, startClusterKafka } from './kafka.ts'
import { nodeName } from './node.ts'

/** Number of the user that the pods run as. */
const user = 10_001

/** The platform as the overlay has it, in a namespace of the cluster. */
export interface Platform extends AsyncDisposable {
  /** The first key, with every right. */
  readonly key: string
  /** The stores, with all rights, for whoever checks what stands in them. */
  connect(): Promise<Drivers>
  /** Address of a Service, as this machine reaches it. */
  urlOf(service: string): Promise<string>
}

/** Applies an overlay, with the secrets that are made by hand, disks, and Kafka; resolves when the API server has everything. */
export async function applyPlatform(cluster: Cluster, rendered: readonly KubeObject[]): Promise<Platform> {
  await using stack = new AsyncDisposableStack()
  const { kubectl, folder } = cluster
  const kafka = stack.use(await startClusterKafka(folder, rendered))
  const secrets = makeSecrets()
  const key = `rpt_${randomBytes(32).toString('base64url')}`
  await kubectl.apply(rendered.filter(({ kind }) => kind === 'Namespace'))
  await kubectl.apply([...kafka.objects, ...secretsOf(secrets, key), ...(await disks(folder))])
  await kubectl.apply(rendered.map(adapted))
  const urlOf = async (service: string): Promise<string> => {
    const { spec } = await kubectl.get<Service>(['service', service, '-n', namespace])
    return `http://${spec.clusterIP}:${spec.ports[0]?.port}`
  }
  const owned = stack.move()
  return {
    key,
    urlOf,
    async connect() {
      const [redis] = await podsOf(kubectl, ofService('redis'))
      const stores = {
        RAPPORT_KAFKA_BROKERS: kafka.broker,
        RAPPORT_REDIS_URL: `redis://rapport:${secrets.redis}@${redis?.status.podIP}:6379`,
        RAPPORT_S3_ENDPOINT: await urlOf('s3'),
        RAPPORT_S3_BUCKET: 'rapport',
        RAPPORT_S3_ACCESS_KEY_ID: 'rapport',
        RAPPORT_S3_SECRET_ACCESS_KEY: secrets.s3,
      }
      return connectDrivers(readConfig(StoresSchema, stores), createLogger('check', { level: 'silent' }))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Service extends Resource {
  readonly spec: { readonly clusterIP: string; readonly ports: readonly { readonly port: number }[] }
}

const makeSecrets = () => ({ redis: randomBytes(20).toString('hex'), s3: randomBytes(20).toString('hex') })

/** Those of docs/operations.md. */
function secretsOf({ redis, s3 }: ReturnType<typeof makeSecrets>, key: string): readonly Resource[] {
  const acl = `user default off\nuser probe on >probe -@all +ping\nuser rapport on >${redis} ${redisRights.always}\n`
  return [
    secret('rapport-redis', { url: `redis://rapport:${redis}@redis:6379`, 'users.acl': acl }),
    secret('rapport-s3', { 'access-key-id': 'rapport', 'secret-access-key': s3 }),
    secret('rapport-admin', { 'admin-key': key }),
  ]
}

/** What a provisioner of disks would make of the claims of Redis and the object store. */
async function disks(folder: string): Promise<readonly Resource[]> {
  const make = async (name: string, storage: string): Promise<Resource> => {
    const path = join(folder, 'disks', name)
    await mkdir(path, { recursive: true })
    await chown(path, user, user)
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }]
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace, name: `data-${name}-0` },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    }
  }
  return Promise.all([make('redis', '20Gi'), make('s3', '100Gi')])
}

/** No registry is asked: Redis is of the image that this workspace builds. And nobody waits for the release's own models. */
function adapted(object: KubeObject): KubeObject {
  const text = JSON.stringify(object)
  const change = (from: string | RegExp, to: string): KubeObject => JSON.parse(text.replace(from, to)) as KubeObject
  if (object.kind === 'StatefulSet' && object.metadata.name === 'redis')
    return change(/"image":"[^"]*redis[^"]*"/, `"image":"${imageOf.redis}"`)
  if (object.kind === 'Deployment' && object.metadata.name === 'control')
    return change('"env":[', '"env":[{"name":"RAPPORT_STARTER_MODELS","value":"false"},')
  return object
}
