import { entities, limits, parts, textLabelSample, type TextMark, type TimedTextLabel } from '@rapport/features'
import type { Change, EntityRef, JsonValue } from '@rapport/online-store'
import type { Effects } from './to-effects.ts'

/**
 * Effects of a label on the visitor who wrote the text and on the item that it is about. First comes an entity that has no
 * state but the messageIds of the dedup window: those of events, sentiments and labels are seen in another order at each
 * replay, so each has a window of its own.
 */
export function toTextEffects(timed: TimedTextLabel): Effects {
  const { tenant, userId, anonymousId, itemId } = timed.label
  const author = userId === undefined ? entities.anonymous(tenant, anonymousId ?? '') : entities.user(tenant, userId)
  const onAuthor = { entity: author, changes: changesOf(timed, limits.visitorTexts) }
  const onItem = itemId === undefined ? [] : [itemEffect(entities.item(tenant, itemId), timed)]
  return {
    visitor: { entity: entities.textWindow(timed.kind, author), changes: [] },
    linked: undefined,
    others: [onAuthor, ...onItem],
    isBehaviour: false,
  }
}

const itemEffect = (entity: EntityRef, timed: TimedTextLabel) => ({
  entity,
  changes: changesOf(timed, limits.itemTexts),
})

function changesOf(timed: TimedTextLabel, keep: number): Change[] {
  const { atMs, label: record } = timed
  const { label, rule, itemId, rating, messageId } = record
  const mark: TextMark = {
    label,
    rule,
    ...(itemId === undefined ? {} : { itemId }),
    ...(rating === undefined ? {} : { rating }),
  }
  const value: JsonValue = { ...mark }
  if (timed.kind === 'sentiment') {
    return [
      { op: 'newest', part: parts.sentiments, member: messageId, atMs, value, keep },
      { op: 'count', part: parts.sentiment(timed.label.label), atMs, amount: 1 },
    ]
  }
  return [
    { op: 'newest', part: parts.textLabels, member: messageId, atMs, value, keep },
    { op: 'count', part: parts.textLabel(label), atMs, amount: 1, sample: textLabelSample },
  ]
}
