import type { FastifyReply } from 'fastify'

/** 304: no body. */
export function sendNotModified(reply: object): FastifyReply {
  return (reply as FastifyReply).code(304).send()
}
