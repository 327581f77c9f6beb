/** A rule that stores the value of an expression under another name. */
export interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
}

/** A page wakes somebody, at once; a ticket waits for working hours. */
export type Severity = 'page' | 'ticket'

/** A rule that tells somebody; its runbook has its name. */
export interface AlertRule {
  readonly alert: string
  readonly expr: string
  /** How long the expression must hold, such as `5m`. */
  readonly for?: string
  readonly labels: Readonly<{ severity: Severity } & Record<string, string>>
  readonly annotations: Readonly<{ summary: string }>
}

export interface RuleGroup {
  readonly name: string
  readonly rules: readonly (RecordingRule | AlertRule)[]
}
