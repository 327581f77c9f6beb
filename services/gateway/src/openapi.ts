import { routePrefixes } from '@rapport/contracts'
import type { Upstream, Upstreams } from './upstreams.ts'

interface OpenApiDocument {
  readonly paths: Readonly<Record<string, unknown>>
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** A description that takes longer is left out. */
const readTimeoutMs = 5_000

/**
 * One description of all services that can be reached now, made of their own. Shared schemas have one name in all of them
 * and one meaning, since they come from one source.
 */
export async function mergedOpenApi(upstreams: Upstreams, info: { title: string; version: string }): Promise<object> {
  const services = Object.keys(routePrefixes)
  const documents = await Promise.all(services.map((service) => readDocument(upstreams.pick(service, new Set()))))
  const paths: Record<string, unknown> = {}
  const components: Record<string, Record<string, unknown>> = {}
  for (const document of documents) {
    for (const [path, item] of Object.entries(document?.paths ?? {})) {
      if (path.startsWith('/v1/')) paths[path] = item
    }
    for (const [kind, named] of Object.entries(document?.components ?? {})) {
      components[kind] = { ...components[kind], ...named }
    }
  }
  return { openapi: '3.1.0', info, servers: [{ url: '/' }], paths, components }
}

async function readDocument(upstream: Upstream | undefined): Promise<OpenApiDocument | undefined> {
  if (upstream === undefined) return undefined
  const signal = AbortSignal.timeout(readTimeoutMs)
  try {
    const response = await fetch(new URL('/openapi.json', upstream.origin), { signal })
    return response.ok ? ((await response.json()) as OpenApiDocument) : undefined
  } catch {
    // Away, too slow, or gone in the middle: the others are described without it.
    return undefined
  }
}
