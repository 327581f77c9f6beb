import { bundleError } from './bundle-files.ts'

/** The fields of a JSON object in a bundle's file; every problem is a RPT_ML_BUNDLE_INVALID that names file and field. */
export class BundleFields {
  readonly values: Readonly<Record<string, unknown>>
  private readonly file: string
  private readonly path: string

  constructor(file: string, values: unknown, path = '') {
    this.file = file
    this.path = path
    if (typeof values !== 'object' || values === null || Array.isArray(values)) throw this.error('', 'is not an object')
    this.values = values as Record<string, unknown>
  }

  object(name: string): BundleFields {
    return new BundleFields(this.file, this.values[name], `${this.path}${name}.`)
  }

  objects(name: string): readonly BundleFields[] {
    return this.list(name).map((value, index) => new BundleFields(this.file, value, `${this.path}${name}.${index}.`))
  }

  text(name: string): string {
    const value = this.values[name]
    if (typeof value !== 'string') throw this.error(name, 'is not a text')
    return value
  }

  texts(name: string): readonly string[] {
    const values = this.list(name)
    if (!values.every((value) => typeof value === 'string')) throw this.error(name, 'is not a list of texts')
    return values
  }

  number(name: string): number {
    const value = this.values[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.error(name, 'is not a finite number')
    return value
  }

  numbers(name: string): readonly number[] {
    const values = this.list(name)
    if (!values.every((value) => typeof value === 'number' && Number.isFinite(value)))
      throw this.error(name, 'is not a list of finite numbers')
    return values as number[]
  }

  /** A positive integer. */
  count(name: string): number {
    const value = this.values[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw this.error(name, 'is not a positive integer')
    }
    return value
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const chosen = choices.find((choice) => choice === this.values[name])
    if (chosen === undefined) throw this.error(name, `is none of ${choices.join(', ')}`)
    return chosen
  }

  error(name: string, problem: string): Error {
    const field = `${this.path}${name}`.replace(/\.$/, '')
    return bundleError(this.file, field === '' ? problem : `${field} ${problem}`)
  }

  private list(name: string): readonly unknown[] {
    const value = this.values[name]
    if (!Array.isArray(value)) throw this.error(name, 'is not a list')
    return value as readonly unknown[]
  }
}
