import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { readObjects } from '../../../../scripts/manifests/check/render.ts'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'

export interface Answer {
  readonly ok: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Something that the API server knows, or is to know. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** The first lines say it. */
const shorten = (text: string): string => text.trim().split('\n').slice(0, 3).join('; ')

/** The command `kubectl` on one cluster. */
export class Kubectl {
  readonly #program: string
  readonly #kubeconfig: string

  constructor(program: string, kubeconfig: string) {
    this.#program = program
    this.#kubeconfig = kubeconfig
  }

  /** What it answers, whether it likes it or not. */
  async try(args: readonly string[], input = ''): Promise<Answer> {
    const child = spawn(this.#program, ['--kubeconfig', this.#kubeconfig, ...args], { stdio: 'pipe' })
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    child.once('error', reject).once('close', resolve)
    // It may refuse before it has read everything.
    child.stdin.on('error', () => undefined).end(input)
    const [status, stdout, stderr] = await Promise.all([promise, text(child.stdout), text(child.stderr)])
    return { ok: status === 0, stdout, stderr }
  }

  /** @throws Error with what it has to say. */
  async run(args: readonly string[], input = ''): Promise<string> {
    const { ok, stdout, stderr } = await this.try(args, input)
    if (!ok) throw new Error(`kubectl ${args.join(' ')}: ${shorten(stderr)}`)
    return stdout
  }

  async get<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(['get', ...args, '-o', 'json'])) as T
  }

  async list<T>(args: readonly string[]): Promise<readonly T[]> {
    return (await this.get<{ readonly items: readonly T[] }>(args)).items
  }

  /** @throws Error when the server refuses one, or warns of one. */
  async apply(objects: readonly (Resource | KubeObject)[], ...flags: readonly string[]): Promise<void> {
    const args = ['apply', '--server-side', '--validate=strict', ...flags, '-f', '-']
    const { ok, stderr } = await this.try(args, objects.map((object) => JSON.stringify(object)).join('\n---\n'))
    const warnings = stderr.split('\n').filter((line) => line.startsWith('Warning:'))
    if (!ok || warnings.length > 0) throw new Error(shorten(ok ? warnings.join('\n') : stderr))
  }

  async render(folder: string): Promise<readonly KubeObject[]> {
    return readObjects(await this.run(['kustomize', folder]))
  }
}
