import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import type { Endpoints } from '../endpoints.ts'
import { s3Variables } from '../native.ts'
import { createBucket } from '../s3/create-bucket.ts'
import { s3Keys } from '../s3/s3.ts'
import { freePorts } from '../process/free-ports.ts'
import { imageOf } from './engine.ts'
import { ownerLabels } from './owner.ts'

/** One server in a container. */
export interface ContainerServer<Variables> extends AsyncDisposable {
  readonly variables: Variables
  readonly containerId: string
}

export interface ContainerOptions {
  /** It goes on when this process ends. */
  readonly outlivesUs?: boolean
}

const startTimeoutMs = 60_000

/** Starts a server from its image. */
export const startContainer = { kafka: startKafkaContainer, redis: startRedisContainer, s3: startS3Container } as const

async function startKafkaContainer(options: ContainerOptions = {}): Promise<ContainerServer<Endpoints['kafka']>> {
  // A broker tells clients where it is: its port must be the same inside and out.
  const [port = 0] = await freePorts(1)
  const container = await usual(imageOf.kafka, options)
    .withEnvironment({ PORT: `${port}` })
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  return started(container, { RAPPORT_KAFKA_BROKERS: `127.0.0.1:${port}` })
}

async function startRedisContainer(options: ContainerOptions = {}): Promise<ContainerServer<Endpoints['redis']>> {
  const container = await usual(imageOf.redis, options)
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forSuccessfulCommand('redis-cli ping'))
    .start()
  return started(container, { RAPPORT_REDIS_URL: `redis://127.0.0.1:${container.getMappedPort(6379)}` })
}

async function startS3Container(options: ContainerOptions = {}): Promise<ContainerServer<Endpoints['s3']>> {
  const container = await usual(imageOf.s3, options)
    .withEnvironment({ ROOT_ACCESS_KEY: s3Keys.accessKeyId, ROOT_SECRET_KEY: s3Keys.secretAccessKey })
    .withExposedPorts(10_000)
    .withWaitStrategy(Wait.forHttp('/health', 10_000))
    .start()
  const access = { endpoint: `http://127.0.0.1:${container.getMappedPort(10_000)}`, region: 'us-east-1', ...s3Keys }
  await createBucket(access).catch(async (error: unknown) => {
    await container.stop({ timeout: 0 })
    throw error
  })
  return started(container, s3Variables(access))
}

/** Publishes its ports on the loopback interface alone: these servers have no passwords, or known ones. */
class LoopbackContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    const bindings = Object.values((this.hostConfig.PortBindings ?? {}) as Record<string, { HostIp?: string }[]>)
    for (const binding of bindings.flat()) binding.HostIp = '127.0.0.1'
  }
}

function usual(image: string, { outlivesUs = false }: ContainerOptions): GenericContainer {
  return new LoopbackContainer(image).withLabels(ownerLabels(outlivesUs)).withStartupTimeout(startTimeoutMs)
}

function started<Variables>(container: StartedTestContainer, variables: Variables): ContainerServer<Variables> {
  return {
    variables,
    containerId: container.getId(),
    [Symbol.asyncDispose]: async () => void (await container.stop({ timeout: 0 })),
  }
}
