import type { StateCommand } from '@rapport/contracts'

export type ForgetCommand = Extract<StateCommand, { type: 'forget-tenant' }>

/** Which events of the log belong to tenants that were removed. A tenant of the same name has later offsets. */
export class ForgottenTenants {
  readonly #commands = new Map<string, ForgetCommand>()

  /** In force at once. Resolves to what is known now, which is more than the command says when an older one has come late. */
  take(command: ForgetCommand): ForgetCommand {
    const known = this.#commands.get(command.tenant)
    const joined = known === undefined ? command : joinCommands(known, command)
    this.#commands.set(command.tenant, joined)
    return joined
  }

  /** True for a record at this place of a state partition that is never to be applied again. */
  has(tenant: string, { partition, offset }: { readonly partition: number; readonly offset: number }): boolean {
    const before = this.#commands.get(tenant)?.before
    return before !== undefined && offset < (before[partition] ?? 0)
  }

  get commands(): ForgetCommand[] {
    return [...this.#commands.values()]
  }
}

/** False when it is known to be in force in all partitions. */
export const isOpen = ({ before, taken = [] }: ForgetCommand): boolean => taken.length < before.length

/**
 * What two copies of a tenant's command say together: the highest fence, and where that one is in force. It does not
 * depend on their order, so processes that send the command again, each with its own partitions, come to agree.
 */
export function joinCommands(one: ForgetCommand, other: ForgetCommand): ForgetCommand {
  const length = Math.max(one.before.length, other.before.length)
  const before = Array.from({ length }, (_, partition) =>
    Math.max(one.before[partition] ?? 0, other.before[partition] ?? 0),
  )
  const taken = [one, other].flatMap((command) => (hasFence(command, before) ? (command.taken ?? []) : []))
  const { requestedAt } = hasFence(other, before) ? other : one
  const inOrder = [...new Set(taken)].sort((a, b) => a - b)
  return { type: 'forget-tenant', requestedAt, tenant: one.tenant, before, taken: inOrder }
}

/** True when the first copy says everything that the second does. */
export const saysAllOf = ({ before, taken = [] }: ForgetCommand, other: ForgetCommand): boolean =>
  hasFence(other, before) && (other.taken ?? []).every((partition) => taken.includes(partition))

const hasFence = (command: ForgetCommand, before: readonly number[]): boolean =>
  before.every((offset, partition) => offset === (command.before[partition] ?? 0))
