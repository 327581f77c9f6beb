import type { TextExplanationAnswer } from '@rapport/contracts'
import type { TextExplanation } from '@rapport/text-models'

/** An explanation as the API answers it, the tokens with their texts. */
export function presentExplanation(text: string, label: string, explanation: TextExplanation): TextExplanationAnswer {
  const { method, of, base, value, localR2, tokens } = explanation
  return {
    label,
    method,
    of,
    base,
    value,
    offsets: 'utf-16',
    tokens: tokens.map(({ start, end, weight }) => ({ text: text.slice(start, end), start, end, weight })),
    ...(localR2 !== undefined && { localR2 }),
  }
}
