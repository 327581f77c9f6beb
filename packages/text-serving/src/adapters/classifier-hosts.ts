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
  readonly profile: Pick<TextProfile, 'tasks' | 'checkLabels'>
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

type HostTerms = Pick<ModelHostOptions<ServedClassifier>, 'budgetBytes' | 'pauseBetweenLooksMs' | 'beside'>

/**
 * What models of several hosts share counts once: with the champions, or else with the challengers. What it opens is the
 * stack's to end.
 */
export function openClassifierHosts(stack: AsyncDisposableStack, options: ClassifierHostsOptions): ClassifierHosts {
  const { profile, cache, modelBytes, trialBytes, pollMs, ...shared } = options
  const open = (alias: Alias, terms: HostTerms) => {
    const served = new Set<ServedClassifier>()
    const loader = createClassifierLoader(profile, served, cache)
    const host = stack.use(createModelHost({ ...shared, loader, alias, pollMs, ...terms }))
    return { host, served }
  }
  const champions = open('champion', { budgetBytes: modelBytes })
  if (trialBytes === 0) return { champions, challengers: undefined, shadows: undefined }
  // Most models have neither, and calls need not ask for one again and again.
  const trial = { budgetBytes: trialBytes, pauseBetweenLooksMs: pollMs }
  const challengers = open('challenger', { ...trial, beside: champions.host })
  const shadows = open('shadow', { ...trial, beside: challengers.host })
  return { champions, challengers, shadows }
}
