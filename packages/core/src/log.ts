type Write = (fields: object, message?: string) => void

/** The part of a structured logger that packages below service-kit use; a pino logger fits. */
export interface Log {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
}
