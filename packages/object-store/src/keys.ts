import { ObjectStoreError } from './errors.ts'
import type { PutOptions } from './object-store.ts'

/** Longest key in UTF-8 bytes, as in S3. */
export const maxKeyBytes = 1024
/** Longest component in UTF-8 bytes: a component is a file name in the embedded driver. */
export const maxComponentBytes = 255
/** First component that the embedded driver keeps for itself. */
export const reservedComponent = '.rapport-object-store'

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const forbidden = /[\u0000-\u001f\u007f\\]/

function componentProblem(component: string): string | undefined {
  if (component === '') return 'has an empty component'
  if (component === '.' || component === '..') return `has the component "${component}"`
  if (Buffer.byteLength(component) > maxComponentBytes) return `has a component of more than ${maxComponentBytes} bytes`
  return undefined
}

function textProblem(text: string): string | undefined {
  if (Buffer.byteLength(text) > maxKeyBytes) return `is longer than ${maxKeyBytes} bytes`
  if (!text.isWellFormed()) return 'is not well-formed Unicode'
  if (forbidden.test(text)) return 'has a control character or a backslash'
  const first = text.split('/', 1)[0]
  return first === reservedComponent ? `begins with the reserved component "${reservedComponent}"` : undefined
}

function refuse(what: string, text: string, problem: string | undefined): void {
  if (problem !== undefined) {
    throw new ObjectStoreError('RPT_OBJECT_KEY', `object ${what} ${JSON.stringify(text.slice(0, 200))} ${problem}`)
  }
}

/** @throws ObjectStoreError `RPT_OBJECT_KEY` that says what is wrong with the key. */
export function checkObjectKey(key: string): void {
  refuse('key', key, textProblem(key) ?? key.split('/').map(componentProblem).find(Boolean))
}

/**
 * A prefix may end anywhere in a component; its whole components follow the rules of keys.
 * @throws ObjectStoreError `RPT_OBJECT_KEY`
 */
export function checkObjectPrefix(prefix: string): void {
  refuse('prefix', prefix, textProblem(prefix) ?? prefix.split('/').slice(0, -1).map(componentProblem).find(Boolean))
}

/** @throws ObjectStoreError `RPT_OBJECT_CONDITION` when both conditions are given. */
export function checkPutOptions(key: string, options: PutOptions): void {
  if (options.ifAbsent === true && options.ifMatch !== undefined) {
    throw new ObjectStoreError('RPT_OBJECT_CONDITION', `put of ${key}: ifAbsent and ifMatch exclude each other`)
  }
}
