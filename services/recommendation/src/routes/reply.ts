import type { FastifyReply } from 'fastify'

const jsonType = 'application/json; charset=utf-8'

/**
 * Sends an answer that is rendered already, past the serializer. As text, because Node writes a text together with the
 * headers in one system call, and bytes in a dearer one of two parts.
 */
export function sendRendered(reply: object, body: string): FastifyReply {
  return (reply as FastifyReply).header('content-type', jsonType).send(body)
}

/** 304: no body. */
export function sendNotModified(reply: object): FastifyReply {
  return (reply as FastifyReply).code(304).send()
}
