import { Ajv, type ValidateFunction } from 'ajv'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from './objects.ts'

/** Go's expressions say within that case does not matter, JavaScript's beside. */
const readGoPattern = Object.assign(
  (pattern: string, flags: string) =>
    new RegExp(pattern.replace('(?i)', ''), pattern.includes('(?i)') ? `${flags}i` : flags),
  { code: 'readGoPattern' },
)

/** Checks custom resources against the schemas of k8s/schemas, which know every field. */
export class CustomKinds {
  readonly #folder: string
  // The schemas are made for Kubernetes: formats and annotations of its own are no errors.
  readonly #ajv = new Ajv({
    strict: false,
    validateFormats: false,
    allErrors: true,
    code: { regExp: readGoPattern },
  })
  readonly #validators = new Map<string, ValidateFunction | undefined>()

  constructor(root: string) {
    this.#folder = join(root, 'k8s', 'schemas')
  }

  /** What is wrong with an object; that its kind has no schema is, too. */
  check(object: KubeObject): readonly string[] {
    const validate = this.#validatorOf(object)
    if (validate === undefined) return [`k8s/schemas has none for ${object.apiVersion} ${object.kind}`]
    if (validate(object)) return []
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const { additionalProperty } = params as { additionalProperty?: string }
      return additionalProperty === undefined
        ? `${instancePath} ${message ?? ''}`
        : `${instancePath}/${additionalProperty} is not known`
    })
  }

  #validatorOf({ apiVersion, kind }: KubeObject): ValidateFunction | undefined {
    const key = `${apiVersion} ${kind}`
    if (this.#validators.has(key)) return this.#validators.get(key)
    const [group = '', version = ''] = apiVersion.split('/')
    const path = join(this.#folder, group, `${kind.toLowerCase()}_${version}.json`)
    const validate = existsSync(path) ? this.#ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object) : undefined
    this.#validators.set(key, validate)
    return validate
  }
}
