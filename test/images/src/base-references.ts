import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** An image of others that ours are built from or run beside. */
export interface BaseReference {
  /** The file that names it, as a path in the workspace. */
  readonly file: string
  /** Name and tag. */
  readonly image: string
  /** `sha256:…`; undefined where it is not pinned. */
  readonly digest: string | undefined
}

/** As an engine wants it. */
export const nameOf = ({ image, digest }: BaseReference): string =>
  digest === undefined ? image : `${image}@${digest}`

/** The default of a build argument that is not another argument's. */
const reference = /^(ARG \w*BASE=)([^\s$@]+)(?:@(\S+))?$/gm
const tag = /:[\w][\w.-]*$/
const wholeDigest = /^sha256:[0-9a-f]{64}$/

/**
 * The images that the Dockerfiles are built from.
 * @throws Error when one has no exact tag, or a digest that is none.
 */
export async function readReferences(workspace: string): Promise<BaseReference[]> {
  const names = (await readdir(join(workspace, 'docker'))).filter((name) => name.endsWith('Dockerfile')).sort()
  const found = await Promise.all(
    names.map(async (name) =>
      findReferences(`docker/${name}`, await readFile(join(workspace, 'docker', name), 'utf8')),
    ),
  )
  return found.flat()
}

/** @throws Error when an image has no exact tag, or a digest that is none. */
export function findReferences(file: string, text: string): BaseReference[] {
  return [...text.matchAll(reference)].map(([, , image = '', digest]) => {
    if (!tag.test(image) || image.endsWith(':latest')) throw new Error(`${file}: ${image} has no tag that says which`)
    if (digest !== undefined && !wholeDigest.test(digest))
      throw new Error(`${file}: ${image} has no digest in ${digest}`)
    return { file, image, digest }
  })
}

/** The text with another digest for an image, or with none. */
export function withDigest(text: string, wanted: string, digest: string | undefined): string {
  return text.replaceAll(reference, (line: string, argument: string, image: string) =>
    image === wanted ? `${argument}${image}${digest === undefined ? '' : `@${digest}`}` : line,
  )
}

/** What a registry says an image's digest is; undefined where it does not answer. */
export type AskDigest = (image: string) => Promise<string | undefined>

/**
 * Writes into the files the digests that a registry gives. An image of which it says nothing keeps what stands there: no
 * digest is made up. Resolves with what stands in the files afterwards.
 * @throws Error when a registry's digest is none.
 */
export async function pinReferences(workspace: string, ask: AskDigest): Promise<BaseReference[]> {
  for (const { file, image } of await readReferences(workspace)) {
    const digest = await ask(image)
    if (digest === undefined) continue
    if (!wholeDigest.test(digest)) throw new Error(`The registry's digest of ${image} is none: ${digest}`)
    const path = join(workspace, file)
    await writeFile(path, withDigest(await readFile(path, 'utf8'), image, digest))
  }
  return readReferences(workspace)
}
