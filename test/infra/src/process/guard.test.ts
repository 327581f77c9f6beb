import { expect, it } from 'vitest'
import { expectToGoWithOwner } from './server-owner.fixture.ts'

it('a server and its folder go with the process that started it, even when that is killed', () =>
  expect(expectToGoWithOwner('native')).resolves.toBeUndefined())
