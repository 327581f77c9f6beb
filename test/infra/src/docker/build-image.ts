import { readdir } from 'node:fs/promises'
import type { Engine } from './engine.ts'
import { finished } from './progress.ts'

export interface ImageBuild {
  /** Name and tag that it gets. */
  readonly image: string
  /** Folder whose `.dockerignore` counts, where it has one. */
  readonly context: string
  /** What of the context is sent, as paths in it. Default: all. */
  readonly files?: readonly string[]
  /** Default: `Dockerfile`. */
  readonly dockerfile?: string
  readonly arguments: Readonly<Record<string, string>>
}

/** BuildKit in the engine, spoken to without a command line; a failed step's output is in the error. */
export async function buildImage(engine: Engine, build: ImageBuild): Promise<void> {
  const { image, context, dockerfile = 'Dockerfile' } = build
  const stream = await engine.container.dockerode.buildImage(
    { context, src: [...(build.files ?? (await readdir(context)))] },
    { t: image, dockerfile, buildargs: build.arguments, version: '2' },
  )
  await finished(engine, `Building ${image}`, stream)
}
