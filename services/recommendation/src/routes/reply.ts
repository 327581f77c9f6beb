import type { FastifyReply } from 'fastify'

const jsonType = 'application/json; charset=utf-8'

/** Sends an answer that is rendered already: text and bytes skip the serializer, and a cached body goes out as it lies. */
export function sendRendered(reply: object, body: string | Uint8Array): FastifyReply {
  return (reply as FastifyReply).header('content-type', jsonType).send(body)
}

/** 304: no body. */
export function sendNotModified(reply: object): FastifyReply {
  return (reply as FastifyReply).code(304).send()
}
