import { setTimeout } from 'node:timers/promises'
import {
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  deleteAclsV3,
  describeAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
  type Acl,
} from '@platformatic/kafka'
import type { KafkaClientOptions } from '../../kafka/client-options.ts'
import type { AclEntry } from '../../kafka/testing/acl-commands.ts'
import { Cluster } from '../cluster.ts'

const [WITHIN_MS, EVERY_MS] = [10_000, 20]

const operations: Readonly<Record<string, Acl['operation']>> = {
  Read: AclOperations.READ,
  Write: AclOperations.WRITE,
  Create: AclOperations.CREATE,
  Describe: AclOperations.DESCRIBE,
  DescribeConfigs: AclOperations.DESCRIBE_CONFIGS,
  AlterConfigs: AclOperations.ALTER_CONFIGS,
}

function toAcl({ principal, operation, resource, name, isPrefixed }: AclEntry, isDenied: boolean): Acl {
  const found = operations[operation]
  if (found === undefined) throw new TypeError(`no operation ${operation} is known here`)
  return {
    resourceType: resource === 'topic' ? ResourceTypes.TOPIC : ResourceTypes.GROUP,
    resourceName: name,
    resourcePatternType: isPrefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal,
    host: '*',
    operation: found,
    permissionType: isDenied ? AclPermissionTypes.DENY : AclPermissionTypes.ALLOW,
  }
}

/** An administrator of a cluster's access control lists. */
export class AclAdmin implements Disposable {
  readonly #cluster: Cluster

  constructor(options: KafkaClientOptions) {
    this.#cluster = new Cluster(options)
  }

  /** Resolves when the brokers go by them. */
  async add(entries: readonly AclEntry[], { isDenied = false } = {}): Promise<void> {
    const acls = entries.map((entry) => toAcl(entry, isDenied))
    await this.#cluster.toAny(createAclsV3.api, [acls])
    for (const acl of acls) await this.#waitUntil(acl, true)
  }

  async remove(entries: readonly AclEntry[], { isDenied = false } = {}): Promise<void> {
    const acls = entries.map((entry) => toAcl(entry, isDenied))
    await this.#cluster.toAny(deleteAclsV3.api, [acls])
    for (const acl of acls) await this.#waitUntil(acl, false)
  }

  [Symbol.dispose](): void {
    this.#cluster.close()
  }

  async #waitUntil(acl: Acl, isThere: boolean): Promise<void> {
    const untilMs = performance.now() + WITHIN_MS
    for (;;) {
      const { resources } = await this.#cluster.toAny(describeAclsV3.api, [acl])
      if (resources.length > 0 === isThere) return
      if (performance.now() > untilMs) throw new Error('the broker goes by other lists yet')
      await setTimeout(EVERY_MS)
    }
  }
}
