import type { InferenceModel, InferenceRequest, InferenceResponse } from '@rapport/contracts'
import { describeTensors, readTexts, renderOutputs } from '../domain/inference-tensors.ts'
import { scoreDocument } from '../domain/score-text.ts'
import { classifySlices, createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { findAnswerers } from './find-answerers.ts'
import { findModel, type WantedModel } from './find-model.ts'

/**
 * Classifies the texts of an inference request, all by one version: the answer names one. The first text assigns it.
 * @throws HttpError 400, 404, 409, 413 or 503.
 */
export async function inferTexts(
  context: TextContext,
  wanted: WantedModel,
  request: InferenceRequest,
): Promise<InferenceResponse> {
  const texts = readTexts(request)
  using answerers = await findAnswerers(context, wanted)
  const served = answerers.of({ text: texts[0] ?? '' })
  const startedMs = performance.now()
  const { labels } = served
  const probabilities = new Float32Array(texts.length * labels.length)
  const best: number[] = []
  const items = texts.map((text) => ({ text, served }))
  for await (const slice of classifySlices(items, { pacer: createSlicePacer() })) {
    for (const [, row] of slice) {
      probabilities.set(row, best.length * labels.length)
      best.push(scoreDocument(served, row, { topK: 1 }).best)
    }
  }
  context.metrics.classifySeconds.observe((performance.now() - startedMs) / 1000)
  const answered = texts.map((text, row) => ({ text, served, label: labels[best[row] as number] as string }))
  context.shadow.take(answered)
  return {
    model_name: served.manifest.name,
    model_version: served.version,
    ...(request.id !== undefined && { id: request.id }),
    outputs: renderOutputs(request, { labels, best, probabilities }),
  }
}

/** What the protocol says of a model: its versions, newest first, or the one that is asked about. */
export async function describeModel(context: TextContext, wanted: WantedModel): Promise<InferenceModel> {
  using lease = await findModel(context, wanted)
  const { tenant, name, version } = lease.manifest
  const versions = wanted.version === undefined ? await context.store.listVersions({ tenant, name }) : [lease.manifest]
  const ofTexts = versions.filter(({ task }) => context.profile.tasks.some((known) => known === task))
  return {
    name,
    versions: ofTexts.length === 0 ? [version] : ofTexts.map((each) => each.version),
    platform: `rapport_${lease.manifest.algorithm}`,
    ...describeTensors(lease.model.labels.length),
  }
}
