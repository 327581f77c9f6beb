/** Where one broker of a cluster listens. */
export interface BrokerPorts {
  readonly clients: number
  readonly controller: number
}

/**
 * The configuration of broker `index` (its node id is one more). Tuned for tests: small caches, no wait before the first
 * rebalance, and a session short enough that a killed broker may come back after seconds.
 */
export function brokerProperties(
  index: number,
  cluster: readonly BrokerPorts[],
  extra: Readonly<Record<string, string>>,
): string {
  const ports = cluster[index]
  if (ports === undefined) throw new RangeError(`there is no broker ${index} in a cluster of ${cluster.length}`)
  const replicas = `${Math.min(3, cluster.length)}`
  const leastInSync = cluster.length >= 3 ? '2' : '1'
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': `${index + 1}`,
    'controller.quorum.voters': cluster.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${ports.clients},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.clients}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': 'data',
    'num.partitions': '3',
    'default.replication.factor': replicas,
    'min.insync.replicas': leastInSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': leastInSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': leastInSync,
    'share.coordinator.state.topic.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'log.cleaner.dedupe.buffer.size': '8388608',
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    ...extra,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
