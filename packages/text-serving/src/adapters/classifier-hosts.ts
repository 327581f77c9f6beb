import type { Alias } from '@rapport/contracts'
import { createModelHost, type ModelHost, type ModelHostOptions } from '@rapport/model-store'
import type { KnownScores, ServedClassifier } from '../domain/served-classifier.ts'
import type { TextProfile } from '../text-profile.ts'
import { createClassifierLoader } from './classifier-loader.ts'

/** Models of one alias, and those of them that are in memory. */
export interface ClassifierHost {
  readonly host: ModelHost<ServedClassifier>
  readonly served: ReadonlySet<ServedClassifier>
}

export interface ClassifierHostsOptions extends Pick<
  ModelHostOptions<ServedClassifier>,
  'store' | 'log' | 'clock' | 'eventLog'
> {
  readonly profile: TextProfile
  readonly cache: KnownScores
  /** Memory for loaded models. */
  readonly modelBytes: number
  /** Memory for challengers, and as much for shadows; 0 has neither. */
  readonly trialBytes: number
  readonly pollMs: number
}

export interface ClassifierHosts {
  readonly champions: ClassifierHost
  readonly challengers: ClassifierHost | undefined
  readonly shadows: ClassifierHost | undefined
}

/** What it opens is the stack's to end. */
export function openClassifierHosts(stack: AsyncDisposableStack, options: ClassifierHostsOptions): ClassifierHosts {
  const { profile, cache, modelBytes, trialBytes, pollMs, ...shared } = options
  const open = (alias: Alias, budgetBytes: number, pauses: { readonly pauseBetweenLooksMs?: number } = {}) => {
    const served = new Set<ServedClassifier>()
    const loader = createClassifierLoader(profile, served, cache)
    const host = stack.use(createModelHost({ ...shared, loader, alias, pollMs, budgetBytes, ...pauses }))
    return { host, served }
  }
  // Most models have neither, and calls need not ask for one again and again.
  const rarely = { pauseBetweenLooksMs: pollMs }
  return {
    champions: open('champion', modelBytes),
    challengers: trialBytes > 0 ? open('challenger', trialBytes, rarely) : undefined,
    shadows: trialBytes > 0 ? open('shadow', trialBytes, rarely) : undefined,
  }
}
