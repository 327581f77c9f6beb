import type { TextDocument } from '@rapport/contracts'
import type { ModelHost } from '@rapport/model-store'
import { isInShare } from '../domain/is-in-share.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { findModel, type ModelSource, type WantedModel } from './find-model.ts'

/** Where the champion is found, and the challenger that may answer instead of it. */
export interface AnswererSource extends ModelSource {
  /** Of the alias `challenger`; undefined where none answers. */
  readonly challengers: { readonly host: Pick<ModelHost<ServedClassifier>, 'tryAcquire'> } | undefined
}

/** The versions that answer a call; they stay in memory until this is disposed of. */
export interface Answerers extends Disposable {
  /** The version that the call names, or the champion. */
  readonly main: ServedClassifier
  /** The version that answers the document: one and the same for all documents of a user, or else of a text. */
  readonly of: (document: Pick<TextDocument, 'text' | 'userId'>) => ServedClassifier
}

/**
 * The challenger answers the share that its alias gives it, where it has the champion's labels: callers know no others. Until it
 * is in memory the champion answers all.
 * @throws HttpError 404, 409 or 503, of the version that the call names or of the champion.
 */
export async function findAnswerers(source: AnswererSource, wanted: WantedModel): Promise<Answerers> {
  const lease = await findModel(source, wanted)
  const { tenant, name } = lease.model.manifest
  const challenger = wanted.version === undefined ? source.challengers?.host.tryAcquire(tenant, name) : undefined
  const { model: main } = lease
  const other = challenger !== undefined && hasSameLabels(challenger.model, main) ? challenger : undefined
  return {
    main,
    of: ({ text, userId = text }) =>
      other !== undefined && isInShare(other.share, other.manifest.version, userId) ? other.model : main,
    [Symbol.dispose]: () => {
      challenger?.[Symbol.dispose]()
      lease[Symbol.dispose]()
    },
  }
}

const hasSameLabels = (one: ServedClassifier, other: ServedClassifier): boolean =>
  one.classifier.isMultiLabel === other.classifier.isMultiLabel &&
  one.labels.length === other.labels.length &&
  new Set(one.labels).isSubsetOf(new Set(other.labels))
