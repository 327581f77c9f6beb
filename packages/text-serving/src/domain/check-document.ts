import { textLimits, type TextDocument, type TextDocumentError } from '@rapport/contracts'
import { isTooLong } from '@rapport/core'

const notBlank = /\S/u

/** Why a text cannot be classified, as code and message; undefined when it can. */
export function problemOfText(text: string): Omit<TextDocumentError, 'id'> | undefined {
  if (!notBlank.test(text)) return { code: 'RPT_TEXT_EMPTY', message: 'The text is empty or nothing but white space.' }
  const { textCharacters } = textLimits
  if (!isTooLong(text, textCharacters)) return undefined
  return { code: 'RPT_TEXT_TOO_LONG', message: `The text has more than ${textCharacters} characters.` }
}

export interface SievedDocuments {
  readonly accepted: readonly TextDocument[]
  readonly errors: readonly TextDocumentError[]
}

/** Tells documents that can be classified from the others, each in order; of equal ids the first one counts. */
export function sieveDocuments(documents: readonly TextDocument[]): SievedDocuments {
  const ids = new Set<string>()
  const accepted: TextDocument[] = []
  const errors: TextDocumentError[] = []
  for (const document of documents) {
    const { id, text } = document
    const problem = ids.has(id)
      ? { code: 'RPT_TEXT_DUPLICATE_ID', message: 'An earlier document of the call has the same id.' }
      : problemOfText(text)
    ids.add(id)
    if (problem === undefined) accepted.push(document)
    else errors.push({ id, ...problem })
  }
  return { accepted, errors }
}
