import { createHash, randomBytes } from 'node:crypto'

const pattern = /^rpt_[A-Za-z0-9_-]{43}$/

/** A new key: `rpt_` and 32 random bytes as base64url. Shown once; only its hash is kept. */
export const createApiKeyText = (): string => `rpt_${randomBytes(32).toString('base64url')}`

export const isApiKeyText = (text: string): boolean => pattern.test(text)

/** Lower-case hexadecimal SHA-256 of the whole key text. The key has 256 random bits, so it needs no salt and no stretching. */
export const hashApiKey = (text: string): string => createHash('sha256').update(text).digest('hex')
