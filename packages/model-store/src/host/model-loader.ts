import type { ModelManifest } from '@rapport/contracts'
import type { SharedMemory } from './memory-budget.ts'

/** What a serving service knows about its kind of model. Problems are thrown; the version is refused with their message. */
export interface ModelLoader<T> {
  /** Tasks of the manifests that it takes; others are refused before a file is read. All when absent. */
  readonly tasks?: readonly string[]
  /** Bytes that the model will hold in memory, asked before anything is read. The bytes of its files when absent. */
  readonly estimateBytes?: (manifest: ModelManifest) => number
  /** What it will hold besides, together with other models: once for all of the same key. Nothing when absent. */
  readonly shared?: (manifest: ModelManifest) => SharedMemory | undefined
  readonly decode: (files: ReadonlyMap<string, Uint8Array>, manifest: ModelManifest) => T | Promise<T>
  /** Compares the model with the manifest's `selfCheck`, an input and the output that it must give. */
  readonly selfCheck: (model: T, expected: unknown) => void | Promise<void>
  /** Uses the model once or twice, so that the first request is not the slow one. */
  readonly warmUp?: (model: T) => void | Promise<void>
  readonly dispose?: (model: T) => void
}

export const fileBytes = (manifest: ModelManifest): number => manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
