import { defaultTextRules, textRulesKey, TextRulesSchema, type TextRules } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { changeJsonRecord, readJsonRecord, type JsonRecord, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'

const schema = Compile(TextRulesSchema)
const builtIn: TextRules = { revision: 0, rules: [...defaultTextRules] }

export interface RulesRef {
  readonly tenant: string
  readonly service: string
}

/**
 * The rules of a tenant: its own, or the built-in ones.
 * @throws RapportError `RPT_TEXT_RULES_CORRUPT` when the object holds something else.
 */
export async function readTextRules(store: Pick<ObjectStore, 'get'>, ref: RulesRef): Promise<TextRules> {
  return (await readJsonRecord(store, recordOf(ref)))?.record ?? builtIn
}

/** Replaces the rules of the revision that `wanted` names. Undefined when another one stands. */
export async function replaceTextRules(
  store: Pick<ObjectStore, 'get' | 'put'>,
  ref: RulesRef,
  wanted: TextRules,
): Promise<TextRules | undefined> {
  const { record, isWritten } = await changeJsonRecord(store, recordOf(ref), (standing = builtIn) =>
    standing.revision === wanted.revision ? { ...wanted, revision: wanted.revision + 1 } : undefined,
  )
  return isWritten ? record : undefined
}

function recordOf({ tenant, service }: RulesRef): JsonRecord<TextRules> {
  const key = textRulesKey(tenant, service)
  const read = (content: unknown): TextRules => {
    if (schema.Check(content)) return content
    throw new RapportError('RPT_TEXT_RULES_CORRUPT', `The object ${key} does not hold rules for texts.`)
  }
  return { key, read }
}
