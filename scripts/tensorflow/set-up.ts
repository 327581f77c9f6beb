import { linkAddon, linkedLibrary } from './addon.ts'
import { libraryFolder, missingForTensorflow, obtainLibrary } from './library.ts'
import type { Variant } from './wheels.ts'

/** The native library cannot be had here; the message says what is missing. */
export class MissingToolsError extends Error {
  override readonly name = 'MissingToolsError'
}

/** Brings the native library and the addon for it; quick when both are there. Throws MissingToolsError. */
export async function setUpTensorflow(variant: Variant): Promise<void> {
  if ((await linkedLibrary()) === libraryFolder(variant)) return
  const missing = await missingForTensorflow(variant)
  if (missing.length > 0)
    throw new MissingToolsError(
      `TensorFlow's native library needs what this machine does not have:\n${missing.map((piece) => `- ${piece}`).join('\n')}`,
    )
  await linkAddon(await obtainLibrary(variant))
}
