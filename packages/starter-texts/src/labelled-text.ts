export interface LabelledText<L extends string = string> {
  readonly text: string
  readonly label: L
}
