import { defaultTextRules, textRulesKey, TextRulesSchema, type TextRules } from '@rapport/contracts'
import { decodeUtf8, RapportError } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
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
  return (await readStored(store, ref)).rules
}

/** Replaces the rules of the revision that `wanted` names. Undefined when another one stands. */
export async function replaceTextRules(
  store: Pick<ObjectStore, 'get' | 'put'>,
  ref: RulesRef,
  wanted: TextRules,
): Promise<TextRules | undefined> {
  const { rules: standing, etag } = await readStored(store, ref)
  if (standing.revision !== wanted.revision) return undefined
  const next = { ...wanted, revision: wanted.revision + 1 }
  const body = Buffer.from(JSON.stringify(next))
  const { stored } = await store.put(keyOf(ref), body, etag === undefined ? { ifAbsent: true } : { ifMatch: etag })
  return stored ? next : undefined
}

async function readStored(
  store: Pick<ObjectStore, 'get'>,
  ref: RulesRef,
): Promise<{ readonly rules: TextRules; readonly etag: string | undefined }> {
  const found = await store.get(keyOf(ref))
  if (found === undefined) return { rules: builtIn, etag: undefined }
  const rules = parse(found.body)
  if (!schema.Check(rules)) {
    throw new RapportError('RPT_TEXT_RULES_CORRUPT', `The object ${keyOf(ref)} does not hold rules for texts.`)
  }
  return { rules, etag: found.object.etag }
}

/** Undefined for what is no JSON. */
function parse(body: Uint8Array): unknown {
  try {
    const text = decodeUtf8(body)
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const keyOf = ({ tenant, service }: RulesRef): string => textRulesKey(tenant, service)
