import type { RecommendationReason } from '@rapport/contracts'
import type { ItemOpinion } from '@rapport/features'

/** One voice is an anecdote. */
const fewestVoices = 2

/** What others say of an item, as reasons for or against it. */
export function opinionReasons({ ratings, meanRating, complaint }: ItemOpinion): RecommendationReason[] {
  const reasons: RecommendationReason[] = []
  if (ratings >= fewestVoices) {
    const mean = String(Math.round(meanRating * 10) / 10)
    reasons.push({
      text: { en: `Rated ${mean} on average in ${ratings} reviews`, zh: `${ratings}条评价，平均${mean}分` },
    })
  }
  if (complaint !== undefined && complaint.texts >= fewestVoices) {
    const { label, texts } = complaint
    reasons.push({
      text: {
        en: `${texts} messages of customers are unhappy about “${label}”`,
        zh: `顾客有${texts}条留言对“${label}”不满意`,
      },
    })
  }
  return reasons
}
