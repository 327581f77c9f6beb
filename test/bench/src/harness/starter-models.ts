import { setTimeout } from 'node:timers/promises'
import { RapportApiError, type RapportClient } from '@rapport/sdk'

/** Resolves when both of the release’s starter models have answered. */
export async function awaitStarterModels(client: RapportClient): Promise<void> {
  const documents = [{ id: 'probe', text: 'Where is my order? 太慢了。' }]
  for (const ask of [() => client.sentiment.analyze({ documents }), () => client.text.classify({ documents })]) {
    while (!(await ask().then(() => true, isMissing))) await setTimeout(500)
  }
}

/** False where there is no model yet; any other problem is thrown. */
function isMissing(error: unknown): boolean {
  if (error instanceof RapportApiError && error.code === 'RPT_TEXT_NO_MODEL') return false
  throw error
}
