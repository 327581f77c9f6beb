import { describe, expect, it } from 'vitest'
import { createApiKeyText, hashApiKey, isApiKeyText } from './api-key.ts'
import { apiKeyOf, credentialHeader } from './credentials.ts'

const key = createApiKeyText()
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('API keys', () => {
  it('are rpt_ and 43 base64url characters, never the same', () => {
    expect(isApiKeyText(key)).toBe(true)
    expect(key).toHaveLength(47)
    expect(createApiKeyText()).not.toBe(key)
    expect(isApiKeyText(`${key}x`)).toBe(false)
  })

  it('are kept as SHA-256', () => {
    expect(hashApiKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('apiKeyOf', () => {
  it.each([
    [`Bearer ${key}`, key],
    [`bearer  ${key}`, key],
    [basic(`${key}:`), key],
    [basic(`${key}:ignored`), key],
    [basic(key), key],
    [key, key],
    ['Digest abc', undefined],
    ['Bearer ', undefined],
    ['Basic !!!', undefined],
    ['', undefined],
  ])('%s', (header, expected) => {
    expect(apiKeyOf(header)).toBe(expected)
  })
})

describe('credentialHeader', () => {
  it('prefers Authorization, then X-Write-Key, then X-Api-Key', () => {
    expect(credentialHeader({ authorization: 'Bearer a', 'x-write-key': 'b' })).toBe('Bearer a')
    expect(credentialHeader({ 'x-write-key': 'b', 'x-api-key': 'c' })).toBe('b')
    expect(credentialHeader({ 'x-api-key': 'c' })).toBe('c')
    expect(credentialHeader({})).toBeUndefined()
  })
})
