import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { topics } from '../../../packages/contracts/src/index.ts'
import { describe, expect, test } from 'vitest'
import { readObjects } from '../check/render.ts'
import { kafkaManifests } from './kafka-resources.ts'
import { kafkaRights } from './kafka-rights.ts'

const root = join(import.meta.dirname, '../../..')
const manifest = (name: string) => readObjects(readFileSync(join(root, 'k8s/components/kafka', `${name}.yaml`), 'utf8'))

interface Topic {
  readonly partitions: number
  readonly replicas: number
  readonly config: Readonly<Record<string, string | number | boolean>>
}
interface User {
  readonly authorization: {
    readonly acls: readonly {
      readonly resource: { type: string; name: string; patternType: string }
      readonly operations: string[]
    }[]
  }
}

const furtherPrefixes: Readonly<Record<string, readonly string[]>> = {
  'rapport-ingestion': ['rapport.inbox.'],
  'rapport-operator': ['rapport.', 'rapport.inbox.'],
}

describe('Kafka in the manifests', () => {
  test('what stands there is what the code writes', () => {
    for (const [path, text] of kafkaManifests()) expect(readFileSync(join(root, path), 'utf8')).toBe(text)
  })

  test('the topics are those of the code, laid out and kept as it says', () => {
    const found = manifest('topics').map(({ metadata, spec }) => {
      const { partitions, config } = spec as Topic
      const limit = (name: string) => (config[name] === undefined || config[name] === -1 ? undefined : config[name])
      return {
        name: metadata.name,
        partitions,
        cleanup: config['cleanup.policy'],
        retentionMs: limit('retention.ms'),
        retentionBytes: limit('retention.bytes'),
      }
    })
    const described = Object.values(topics).map((topic) => ({
      retentionMs: undefined,
      retentionBytes: undefined,
      ...topic,
    }))
    expect(found).toEqual(described)
  })

  test('every user has rights on topics of the code, sees the others, and has no more', () => {
    const names = new Set<string>(Object.values(topics).map(({ name }) => name))
    for (const { metadata, spec } of manifest('users')) {
      const onTopics = (spec as User).authorization.acls.filter(({ resource }) => resource.type === 'topic')
      const byPrefix = onTopics.filter(({ resource }) => resource.patternType === 'prefix')
      expect(byPrefix[0], metadata.name).toMatchObject({ resource: { name: 'rapport.' }, operations: ['Describe'] })
      const further = furtherPrefixes[metadata.name] ?? []
      expect(
        byPrefix.slice(1).map(({ resource }) => resource.name),
        metadata.name,
      ).toEqual(further)
      const literal = onTopics.filter((acl) => !byPrefix.includes(acl)).map(({ resource }) => resource.name)
      expect(new Set(literal).difference(names), metadata.name).toEqual(new Set())
      expect(literal.length, metadata.name).toBeLessThan(names.size)
    }
  })

  test('the operator moves every group, sees settings, and writes no records', () => {
    const aclsOf = (name: string) =>
      manifest('users')
        .filter(({ metadata }) => metadata.name === name)
        .flatMap(({ spec }) => (spec as User).authorization.acls)
    const groupsOf = (name: string) =>
      aclsOf(name).flatMap(({ resource, operations }) =>
        resource.type === 'group' && operations.includes('Read') ? [resource.name] : [],
      )
    const consumed = Object.keys(kafkaRights).flatMap((service) => groupsOf(`rapport-${service}`))
    expect(groupsOf('rapport-operator').toSorted()).toEqual(consumed.toSorted())
    const operations = aclsOf('rapport-operator').flatMap((each) => each.operations)
    expect(new Set(operations)).toEqual(new Set(['Describe', 'DescribeConfigs', 'Read']))
  })

  test.each(Object.entries(kafkaRights))('%s may do what its own code names', (service, { reads, writes }) => {
    const files = globSync(`services/${service}/src/**/*.ts`, { cwd: root }).filter(
      (path) => !/\.(test|fixture)\.|testing/.test(path),
    )
    const named = files.flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/\btopics\.(\w+)\b/g)])
    const used = new Set(named.map(([, key]) => key))
    for (const key of used) expect([...reads, ...writes], `${service}: ${key ?? ''}`).toContain(key)
  })
})
