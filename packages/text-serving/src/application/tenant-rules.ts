import { RapportError, type Clock, type Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { RuleSet } from '../domain/find-texts.ts'
import { readTextRules } from './text-rules.ts'

export interface TenantRulesOptions {
  readonly store: Pick<ObjectStore, 'get'>
  readonly service: string
  /** After so long the rules of a tenant are read again. */
  readonly pollMs: number
  readonly clock: Clock
  readonly log: Log
}

interface Known {
  readonly rules: RuleSet
  readonly untilMs: number
}

const noRules = new RuleSet([])

/** The rules of the tenants whose events come, kept for a while. */
export class TenantRules {
  private readonly options: TenantRulesOptions
  private readonly known = new Map<string, Known>()

  constructor(options: TenantRulesOptions) {
    this.options = options
  }

  /** Those read last while the store cannot be read. Rejects with its error when there are none. */
  async of(tenant: string): Promise<RuleSet> {
    const { clock, pollMs } = this.options
    const known = this.known.get(tenant)
    if (known !== undefined && clock.now() < known.untilMs) return known.rules
    const rules = await this.read(tenant, known)
    this.known.set(tenant, { rules, untilMs: clock.now() + pollMs })
    return rules
  }

  private async read(tenant: string, known: Known | undefined): Promise<RuleSet> {
    const { store, service, log } = this.options
    try {
      return new RuleSet((await readTextRules(store, { tenant, service })).rules)
    } catch (error) {
      // A document that is none is not read better later; which texts its tenant meant is not known.
      const isFinal = error instanceof RapportError && !error.canRetry
      if (!isFinal && known === undefined) throw error
      log.error({ err: error, tenant }, 'the rules for texts could not be read')
      return known?.rules ?? noRules
    }
  }
}
