import { TextRulesSchema } from '@rapport/contracts'
import type { ObjectStore } from '@rapport/object-store'
import { HttpError, type HttpApp } from '@rapport/service-kit'
import { readTextRules, replaceTextRules } from '../application/text-rules.ts'
import type { TextProfile } from '../text-profile.ts'

/** `GET` and `PUT …/rules`. */
export function addRulesRoutes(app: HttpApp, { prefix, word, service }: TextProfile, store: ObjectStore): void {
  const read = {
    operationId: `read${word}Rules`,
    summary: 'Which texts of events are labelled as they come',
    description: 'Those that the tenant has set, or the built-in ones, of revision 0.',
    response: { 200: TextRulesSchema },
  }
  const replace = {
    operationId: `replace${word}Rules`,
    summary: 'Say which texts of events are labelled as they come',
    description: `Replaces the rules of the \`revision\` that it names; 409 when others stand by now. They are in force for events that
come when every process has read them, within the time after which it looks at aliases again. What came before is not labelled anew.`,
    body: TextRulesSchema,
    response: { 200: TextRulesSchema },
  }
  app.get(`${prefix}/rules`, { config: { scope: 'text' }, schema: read }, ({ principal: { tenant } }) =>
    readTextRules(store, { tenant, service }),
  )
  app.put(
    `${prefix}/rules`,
    { config: { scope: 'models:admin', errors: [409] }, schema: replace },
    async ({ principal: { tenant }, body }) => {
      const names = body.rules.map(({ name }) => name)
      const at = names.findIndex((name, index) => names.indexOf(name) !== index)
      if (at !== -1) throw nameTaken(names[at] ?? '', at)
      const replaced = await replaceTextRules(store, { tenant, service }, body)
      if (replaced === undefined) throw otherRevision(body.revision)
      return replaced
    },
  )
}

const nameTaken = (name: string, at: number): HttpError =>
  new HttpError(400, 'RPT_TEXT_RULE_NAME', `Two rules have the name "${name}".`, [
    { field: `rules[${at}].name`, reason: 'is the name of another rule' },
  ])

const otherRevision = (revision: number): HttpError =>
  new HttpError(
    409,
    'RPT_TEXT_RULES_REVISION',
    `The rules of revision ${revision} have been replaced; read them again.`,
  )
