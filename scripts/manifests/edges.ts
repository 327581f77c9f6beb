import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'

const Labels = Type.Record(Type.String(), Type.String())
const Names = Type.Array(Type.String(), { minItems: 1 })

/** Whoever is not one of our pods: pods of a namespace, of our own one where none is named, or addresses. */
const OutsideSchema = Type.Object(
  { namespace: Type.Optional(Labels), pods: Type.Optional(Labels), cidr: Type.Optional(Type.String()) },
  { additionalProperties: false },
)
const EdgesSchema = Type.Object(
  {
    outside: Type.Record(Type.String(), OutsideSchema),
    edges: Type.Array(
      Type.Object(
        { from: Names, to: Names, ports: Type.Array(Type.String({ pattern: '^(TCP|UDP)/\\d+$' }), { minItems: 1 }) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

export type Outside = Static<typeof OutsideSchema>
export interface Edge {
  readonly from: string
  readonly to: string
  /** As `TCP/8080`. */
  readonly port: string
}
export interface DeclaredEdges {
  readonly outside: Readonly<Record<string, Outside>>
  readonly edges: readonly Edge[]
}

/** @throws Error naming what is not as it must be. */
export function parseEdges(text: string): DeclaredEdges {
  const value: unknown = parse(text)
  if (!Value.Check(EdgesSchema, value)) {
    const [problem] = Value.Errors(EdgesSchema, value)
    throw new Error(`edges: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}`)
  }
  const edges = value.edges.flatMap(({ from, to, ports }) =>
    from.flatMap((one) => to.flatMap((other) => ports.map((port) => ({ from: one, to: other, port })))),
  )
  return { outside: value.outside, edges }
}

/** Those of k8s/edges.yaml. */
export const readEdges = (root: string): DeclaredEdges =>
  parseEdges(readFileSync(join(root, 'k8s', 'edges.yaml'), 'utf8'))
