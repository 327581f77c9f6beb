import type { TestProject } from 'vitest/node'
import { say } from '../../test/infra/src/obtain/run-tool.ts'
import { linkedLibrary } from './addon.ts'
import { setUpTensorflow } from './set-up.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why tests on TensorFlow's native library cannot run here; empty where they can. */
    rapportNativeMissing: string
  }
}

/** The library for the CPU, where none is there; on CI a run without it fails, elsewhere it skips what needs it. */
export async function setup(project: TestProject): Promise<void> {
  try {
    if ((await linkedLibrary()) === undefined) await setUpTensorflow('cpu')
    project.provide('rapportNativeMissing', '')
  } catch (error) {
    if ((process.env['CI'] ?? '') !== '' || !(error instanceof Error)) throw error
    say(`Tests on TensorFlow's native library are skipped. ${error.message}`)
    project.provide('rapportNativeMissing', error.message.replaceAll('\n', ' '))
  }
}
