import { fastify } from 'fastify'
import { expect, it } from 'vitest'
import { sendRendered } from './send-rendered.ts'

const part = (length: number): string => '"äß漢🛒", '.repeat(length / 8)

it.each([
  ['one text', '{"a":"ä"}'],
  ['few small parts', ['{"a":', '"ä"', '}']],
  ['no part', []],
  ['many parts', Array.from({ length: 300 }, (_, index) => `${index},${part(240)}`)],
  ['one large part among empty ones', ['', part(80_000), '']],
])('%s goes out as JSON that was rendered already', async (_, body) => {
  const app = fastify()
  app.get('/', (_request, reply) => sendRendered(reply, body))
  const answer = await app.inject('/')
  const text = typeof body === 'string' ? body : body.join('')
  expect(answer.body).toBe(text)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  })
  await app.close()
})
