import { fastify } from 'fastify'

/** The server alone: Fastify gives every path, whatever is sent to it, one ready text, as long as a cached answer of ten items. */
const text = JSON.stringify({ text: 'x'.repeat(1_487) })

const app = fastify()
const type = 'application/json; charset=utf-8'
app.get('/*', (_request, reply) => reply.header('content-type', type).send(text))
app.post('/*', (_request, reply) => reply.header('content-type', type).send(text))
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
