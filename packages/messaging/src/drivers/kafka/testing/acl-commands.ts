import { parseArgs } from 'node:util'

/** One line of a cluster's access control lists. */
export interface AclEntry {
  readonly principal: string
  readonly operation: string
  readonly resource: 'topic' | 'group'
  readonly name: string
  readonly isPrefixed: boolean
}

/** What the commands `kafka-acls.sh … --add` of a document give to whom. @throws on an option that is not known here. */
export function readAclCommands(document: string): readonly AclEntry[] {
  const lines = document.replaceAll('\\\n', ' ').split('\n')
  return lines.filter((line) => line.startsWith('kafka-acls.sh ')).flatMap(readCommand)
}

function readCommand(line: string): AclEntry[] {
  const many = { type: 'string', multiple: true, default: [] as string[] } as const
  const { values } = parseArgs({
    args: line.trim().split(/\s+/).slice(1),
    options: {
      'bootstrap-server': { type: 'string' },
      'command-config': { type: 'string' },
      add: { type: 'boolean' },
      'allow-principal': many,
      operation: many,
      topic: many,
      group: many,
      'resource-pattern-type': { type: 'string', default: 'literal' },
    },
  })
  if (values.add !== true) throw new TypeError(`it adds nothing: ${line}`)
  const isPrefixed = values['resource-pattern-type'] === 'prefixed'
  const resources = (['topic', 'group'] as const).flatMap((resource) =>
    values[resource].map((name) => ({ resource, name, isPrefixed })),
  )
  return values['allow-principal'].flatMap((principal) =>
    values.operation.flatMap((operation) => resources.map((on) => ({ principal, operation, ...on }))),
  )
}
