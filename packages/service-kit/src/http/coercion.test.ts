import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { createCoercion } from './coercion.ts'

const Schema = Type.Object({
  count: Type.Integer({ default: 10 }),
  ratio: Type.Optional(Type.Number()),
  deep: Type.Optional(Type.Boolean()),
  tag: Type.Optional(Type.Array(Type.Integer())),
  name: Type.Optional(Type.String()),
})

describe('createCoercion', () => {
  const coerce = createCoercion(Schema)

  it('makes numbers, booleans and arrays from text', () => {
    expect(coerce?.({ count: '3', ratio: '-1.5e2', deep: 'true', tag: '7', name: '5' })).toEqual({
      count: 3,
      ratio: -150,
      deep: true,
      tag: [7],
      name: '5',
    })
  })

  it.each(['9007199254740991', '-9007199254740991'])('holds %s, which a double holds exactly', (text) => {
    expect(coerce?.({ count: text })).toEqual({ count: Number(text) })
  })

  it('fills in defaults', () => {
    expect(coerce?.({})).toEqual({ count: 10 })
  })

  it.each(['', ' 1', '1.0', '0x10', 'true', '1e3', '9007199254740992', '99999999999999999999'])(
    'leaves %j, which is no integer, as it is',
    (text) => {
      expect(coerce?.({ count: text })).toEqual({ count: text })
    },
  )

  it.each(['1', 'TRUE', 'yes', ''])('leaves %j, which is no boolean, as it is', (text) => {
    expect(coerce?.({ deep: text })).toMatchObject({ deep: text })
  })

  it('is nothing when all is text', () => {
    expect(createCoercion(Type.Object({ id: Type.String() }))).toBeUndefined()
  })
})
