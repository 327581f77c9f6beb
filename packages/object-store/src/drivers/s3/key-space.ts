import { ObjectStoreError } from '../../errors.ts'
import { checkObjectKey, checkObjectPrefix, maxKeyBytes, reservedComponent } from '../../keys.ts'
import { withoutEndSlash } from './options.ts'

/** The keys of the port inside a bucket: all below one prefix, the reserved ones out of reach. */
export class KeySpace {
  /** Empty, or with a `/` at its end. */
  readonly #prefix: string

  constructor(prefix: string | undefined) {
    this.#prefix = prefix === undefined || prefix === '' ? '' : `${withoutEndSlash(prefix)}/`
  }

  /** @throws ObjectStoreError `RPT_OBJECT_KEY` */
  toS3Key(key: string): string {
    checkObjectKey(key)
    return this.#below('key', key)
  }

  /** @throws ObjectStoreError `RPT_OBJECT_KEY` */
  toS3Prefix(prefix: string): string {
    checkObjectPrefix(prefix)
    return this.#below('prefix', prefix)
  }

  /** S3 key of something that the driver keeps for itself. */
  reserved(name: string): string {
    return `${this.#prefix}${reservedComponent}/${name}`
  }

  /** Where listing may continue; any text will do. */
  toS3Position(after: string): string {
    return this.#prefix + after
  }

  /** Undefined for what is not the port's: reserved keys, and folder markers that other programs make. */
  fromS3Key(s3Key: string): string | undefined {
    const key = s3Key.slice(this.#prefix.length)
    return key === '' || key.endsWith('/') || key.startsWith(`${reservedComponent}/`) ? undefined : key
  }

  #below(what: string, text: string): string {
    const s3Key = this.#prefix + text
    if (Buffer.byteLength(s3Key) > maxKeyBytes) {
      const shown = JSON.stringify(text.slice(0, 200))
      const problem = `with the store's own prefix is longer than ${maxKeyBytes} bytes`
      throw new ObjectStoreError('RPT_OBJECT_KEY', `object ${what} ${shown} ${problem}`)
    }
    return s3Key
  }
}
