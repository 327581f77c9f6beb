import type { TextMonitoring } from '@rapport/contracts'
import { usesOf, type ServedClassifier } from '../domain/served-classifier.ts'
import type { TextContext } from './context.ts'

/** What the versions of a model that are in memory have said since they were loaded. */
export function monitorModel(
  { served, challengers, shadow }: Pick<TextContext, 'served' | 'challengers' | 'shadow'>,
  { tenant, name }: { readonly tenant: string; readonly name: string },
): TextMonitoring {
  const isOwn = ({ manifest }: ServedClassifier): boolean => manifest.tenant === tenant && manifest.name === name
  using challenger = challengers?.host.tryAcquire(tenant, name)
  const tried = [...(challengers?.served ?? [])].filter(isOwn).map((each) => ({
    ...describe(each),
    challengerShare: challenger?.model === each ? challenger.share : 0,
  }))
  const shadows = [...shadow.served].filter(isOwn).map((each) => {
    const { classified, agreed } = each.tally
    return { ...describe(each), shadowAgreement: classified === 0 ? null : agreed / classified }
  })
  return { model: name, versions: [...usesOf(served).filter(isOwn).map(describe), ...tried, ...shadows] }
}

function describe({ version, labels, tally, drift }: ServedClassifier): TextMonitoring['versions'][number] {
  const { classified, uncertain, refused, confidenceSum, byLabel } = tally
  return {
    version,
    documents: classified,
    uncertain,
    refused,
    meanConfidence: classified === 0 ? null : confidenceSum / classified,
    drift: drift.figures() ?? null,
    labels: labels.map((label, at) => ({ label, documents: byLabel[at] as number })),
  }
}
