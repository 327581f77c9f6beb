/** Why something a client sent was refused: the field's path and a sentence for people. */
export class Invalid {
  readonly field: string
  readonly reason: string

  constructor(field: string, reason: string) {
    this.field = field
    this.reason = reason
  }
}
