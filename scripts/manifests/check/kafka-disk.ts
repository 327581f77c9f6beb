import { ofKind, type KubeObject } from './objects.ts'

const bytesOf = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const
/** Of a disk; what is left is for open segments, which retention does not count, and for compacted topics. */
const mostTaken = 0.8

/** Brokers whose disks are smaller than what the topics' retention lets stand there. */
export function checkKafkaDisks(objects: readonly KubeObject[]): readonly string[] {
  const retained = ofKind(objects, 'KafkaTopic').reduce((sum, { spec: { partitions, replicas, config } }) => {
    const perPartition = Number(config?.['retention.bytes'] ?? 0)
    return sum + Math.max(0, perPartition) * (partitions ?? 1) * (replicas ?? 1)
  }, 0)
  return ofKind(objects, 'KafkaNodePool').flatMap(({ metadata, spec: { replicas, storage } }) => {
    const disk = (storage.volumes ?? []).reduce((sum, { size }) => sum + toBytes(size), 0)
    const wanted = retained / replicas / mostTaken
    if (disk >= wanted) return []
    const inGi = (bytes: number): number => Math.ceil(bytes / bytesOf.Gi)
    return [
      `KafkaNodePool ${metadata.name} has ${inGi(disk)}Gi a broker, where topics may keep so much that ${inGi(wanted)}Gi are needed`,
    ]
  })
}

function toBytes(size = ''): number {
  const [, number = '0', unit] = /^(\d+)(Ki|Mi|Gi|Ti)$/.exec(size) ?? []
  return Number(number) * (unit === undefined ? 0 : bytesOf[unit as keyof typeof bytesOf])
}
