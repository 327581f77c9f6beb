import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { ConfigError } from './config-error.ts'
import { readConfig } from './read-config.ts'
import { renderConfigTable } from './variables.ts'

const Schema = Type.Object({
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65535, description: 'Where HTTP listens | 0: any.' }),
  RAPPORT_DATA_DIR: Type.String({ description: 'Folder of the embedded stores.' }),
  RAPPORT_PRETTY: Type.Boolean({ default: false }),
  RAPPORT_LEVEL: Type.Optional(Type.Enum(['debug', 'info'])),
  RAPPORT_BROKERS: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  RAPPORT_RATIO: Type.Optional(Type.Number({ maximum: 1 })),
  RAPPORT_TOKEN: Type.Optional(Type.String({ minLength: 20, secret: true })),
})

const problemsOf = (env: Record<string, string>): Record<string, string> => {
  try {
    readConfig(Schema, env)
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map((each) => [each.variable, each.reason]))
    throw error
  }
  return {}
}

describe('readConfig', () => {
  it('makes numbers, booleans and lists from text and fills in defaults', () => {
    const config = readConfig(Schema, {
      RAPPORT_DATA_DIR: ' /tmp/x ',
      RAPPORT_PRETTY: '1',
      RAPPORT_BROKERS: 'a:1, b:2',
      RAPPORT_RATIO: '.5',
      RAPPORT_LEVEL: 'debug',
      OTHER: 'left alone',
    })
    expect(config).toEqual({
      PORT: 8080,
      RAPPORT_DATA_DIR: '/tmp/x',
      RAPPORT_PRETTY: true,
      RAPPORT_BROKERS: ['a:1', 'b:2'],
      RAPPORT_RATIO: 0.5,
      RAPPORT_LEVEL: 'debug',
    })
  })

  it('takes an empty variable as one that is not set', () => {
    expect(readConfig(Schema, { RAPPORT_DATA_DIR: 'x', PORT: ' ' }).PORT).toBe(8080)
    expect(problemsOf({ RAPPORT_DATA_DIR: '' })).toHaveProperty('RAPPORT_DATA_DIR', 'is required and not set')
  })

  it('says all problems at once', () => {
    const problems = problemsOf({ PORT: '80a', RAPPORT_PRETTY: 'yes', RAPPORT_LEVEL: 'loud', RAPPORT_RATIO: '2' })
    expect(Object.keys(problems).sort()).toEqual([
      'PORT',
      'RAPPORT_DATA_DIR',
      'RAPPORT_LEVEL',
      'RAPPORT_PRETTY',
      'RAPPORT_RATIO',
    ])
    expect(problems['PORT']).toBe('must be an integer, not "80a"')
  })

  it('refuses a fraction where an integer is asked, and a number out of range', () => {
    expect(problemsOf({ RAPPORT_DATA_DIR: 'x', PORT: '1.5' })).toHaveProperty('PORT')
    expect(problemsOf({ RAPPORT_DATA_DIR: 'x', PORT: '70000' })).toHaveProperty('PORT')
  })

  it('never shows the value of a secret', () => {
    const secret = 'hunter2'
    const reason = problemsOf({ RAPPORT_DATA_DIR: 'x', RAPPORT_TOKEN: secret })['RAPPORT_TOKEN'] ?? ''
    expect(reason).toContain('secret')
    expect(reason).not.toContain(secret)
    expect(() => readConfig(Schema, { RAPPORT_TOKEN: secret })).toThrow(expect.not.stringContaining(secret) as Error)
  })
})

describe('renderConfigTable', () => {
  it('has a row for each variable, with type, default and meaning', () => {
    const table = renderConfigTable(Schema)
    expect(table.split('\n')).toHaveLength(Object.keys(Schema.properties).length + 3)
    expect(table).toContain('| `PORT` | an integer | `8080` | Where HTTP listens \\| 0: any. |')
    expect(table).toContain('| `RAPPORT_DATA_DIR` | text | required |')
    expect(table).toContain('| `RAPPORT_TOKEN` | text, secret | not set |')
    expect(table).toContain('one of debug, info')
  })
})
