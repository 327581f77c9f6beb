import * as models from '@kubernetes/client-node/dist/gen/models/all.js'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { KubeObject } from './objects.ts'

interface Attribute {
  readonly baseName: string
  /** `string`, `Array<V1Container>`, `{ [key: string]: string; }`, `V1PodSpec` … */
  readonly type: string
  readonly format: string
}
interface Model {
  readonly attributeTypeMap: readonly Attribute[]
}

const groups = new Set([
  '',
  'apps',
  'autoscaling',
  'batch',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
])
const modelOf = (name: string): Model | undefined =>
  (models as Readonly<Record<string, unknown>>)[name] as Model | undefined
const modelFolder = new URL('.', import.meta.resolve('@kubernetes/client-node/dist/gen/models/all.js'))
const requiredByModel = new Map<string, readonly string[]>()

/** Whether Kubernetes itself has the object's kind, in contrast to a custom resource. */
export const isCoreKind = ({ apiVersion }: KubeObject): boolean =>
  groups.has(apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '')

/**
 * What is wrong with an object of one of Kubernetes's own kinds, by the models that the official client has generated from
 * the API's description: fields that nobody knows, values of other types, required fields that are missing.
 */
export function checkCoreKind(object: KubeObject): readonly string[] {
  const version = object.apiVersion.split('/').at(-1) ?? ''
  const model = `${version.charAt(0).toUpperCase()}${version.slice(1)}${object.kind}`
  if (modelOf(model) === undefined) return [`${object.apiVersion} has no kind ${object.kind}`]
  return [...problemsOf(object, model, '')]
}

/** Required fields stand in the models' types alone. */
function requiredOf(model: string): readonly string[] {
  const known = requiredByModel.get(model)
  if (known !== undefined) return known
  const text = readFileSync(fileURLToPath(new URL(`${model}.d.ts`, modelFolder)), 'utf8')
  const required = [...text.matchAll(/^ {4}'([^']+)': /gm)].map(([, name]) => name ?? '')
  requiredByModel.set(model, required)
  return required
}

function* problemsOf(value: unknown, type: string, path: string): Generator<string> {
  const place = path === '' ? 'the object' : path
  const items = /^Array<(.*)>$/.exec(type)?.[1] ?? /^Set<(.*)>$/.exec(type)?.[1]
  const entries = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1]
  if (items !== undefined) {
    if (!Array.isArray(value)) return yield `${place} is no list`
    for (const [index, item] of value.entries()) yield* problemsOf(item, items, `${path}[${index}]`)
  } else if (entries !== undefined) {
    if (!isRecord(value)) return yield `${place} is no map`
    for (const [key, item] of Object.entries(value)) yield* problemsOf(item, entries, `${path}.${key}`)
  } else if (modelOf(type) !== undefined) yield* fieldProblems(value, type, path)
  else if (!isOfType(value, type)) yield `${place} is ${JSON.stringify(value)}, which is no ${type}`
}

function* fieldProblems(value: unknown, type: string, path: string): Generator<string> {
  if (!isRecord(value)) return yield `${path} is ${JSON.stringify(value)}, which is no ${type}`
  const attributes = new Map(modelOf(type)?.attributeTypeMap.map((attribute) => [attribute.baseName, attribute]))
  for (const [name, field] of Object.entries(value)) {
    const attribute = attributes.get(name)
    if (attribute === undefined) yield `${path}.${name} is not known (${type})`
    else if (attribute.format.startsWith('int') && attribute.type === 'number' && !Number.isInteger(field))
      yield `${path}.${name} is ${JSON.stringify(field)}, which is no whole number`
    else yield* problemsOf(field, attribute.type, `${path}.${name}`)
  }
  for (const name of requiredOf(type)) if (value[name] === undefined) yield `${path}.${name} is missing (${type})`
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'any' || type === 'object') return true
  if (type === 'IntOrString') return typeof value === 'string' || Number.isInteger(value)
  if (type === 'Date' || type === 'V1MicroTime') return typeof value === 'string' && !Number.isNaN(Date.parse(value))
  return typeof value === type
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
