import { TextDocumentSchema, type TextDocument, type TextStreamError } from '@rapport/contracts'
import { decodeUtf8, type RawRow } from '@rapport/core'
import { Compile } from 'typebox/compile'
import { problemOfText } from './check-document.ts'

const documentCheck = Compile(TextDocumentSchema)

/** A document that can be classified, or the answer's line that says why there is none. */
export type ReadLine = { readonly document: TextDocument } | TextStreamError

/** Reads a line of a stream. */
export function readLine({ line, text, problem }: RawRow): ReadLine {
  const invalid = (message: string): TextStreamError => ({ error: { line, code: 'RPT_TEXT_LINE_INVALID', message } })
  if (text === undefined) return invalid(`The line ${problem ?? 'is missing'}.`)
  const value = parse(text)
  if (value === undefined) return invalid('The line is not JSON in UTF-8.')
  if (!documentCheck.Check(value)) {
    const [first] = documentCheck.Errors(value)
    const field = first?.instancePath.slice(1)
    return invalid(`The line is no document: ${field ? `${field} ` : ''}${first?.message ?? 'it has another form'}.`)
  }
  const found = problemOfText(value.text)
  return found === undefined ? { document: value } : { error: { line, id: value.id, ...found } }
}

/** Undefined when it is no JSON. */
function parse(bytes: Buffer): unknown {
  try {
    const text = decodeUtf8(bytes)
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
