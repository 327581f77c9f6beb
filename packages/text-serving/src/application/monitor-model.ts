import type { TextMonitoring } from '@rapport/contracts'
import { usesOf, type ServedClassifier } from '../domain/served-classifier.ts'
import type { TextContext } from './context.ts'

/** What the versions of a model that are in memory have said since they were loaded. */
export function monitorModel(
  { served, shadow }: Pick<TextContext, 'served' | 'shadow'>,
  { tenant, name }: { readonly tenant: string; readonly name: string },
): TextMonitoring {
  const isOwn = ({ manifest }: ServedClassifier): boolean => manifest.tenant === tenant && manifest.name === name
  const shadows = [...shadow.served].filter(isOwn).map((each) => {
    const { classified, agreed } = each.tally
    return { ...describe(each), shadowAgreement: classified === 0 ? null : agreed / classified }
  })
  return { model: name, versions: [...usesOf(served).filter(isOwn).map(describe), ...shadows] }
}

function describe({ version, labels, tally }: ServedClassifier): TextMonitoring['versions'][number] {
  const { classified, uncertain, refused, confidenceSum, byLabel } = tally
  return {
    version,
    documents: classified,
    uncertain,
    refused,
    meanConfidence: classified === 0 ? null : confidenceSum / classified,
    labels: labels.map((label, at) => ({ label, documents: byLabel[at] as number })),
  }
}
