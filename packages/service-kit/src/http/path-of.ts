import type { FastifyRequest } from 'fastify'

/** The path as it was sent, without the query and a slash at its end. */
export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>): string =>
  (url.split('?', 1)[0] ?? '/').replace(/(?<=.)\/$/, '')
