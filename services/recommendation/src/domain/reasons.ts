import type { RecommendationReason, RecommendationSource } from '@rapport/contracts'
import type { Answer } from './answer.ts'
import { added, bought, clicked, reviewed, viewed, wished } from './behaviour-events.ts'
import type { Candidate } from './candidates.ts'
import type { ModelView } from './model-view.ts'
import type { TenantIndex } from './tenant-index.ts'

type Text = RecommendationReason['text']
type Sentence = (title: string) => Text

const pair = (en: string, zh: string): Text => ({ en, zh })

const becauseViewed: Sentence = (title) => pair(`Because you viewed “${title}”`, `因为你看过“${title}”`)
const byEvent: ReadonlyMap<string, Sentence> = new Map([
  [viewed, becauseViewed],
  [clicked, becauseViewed],
  [added, (title: string) => pair(`Because you added “${title}” to your cart`, `因为你把“${title}”加入了购物车`)],
  [wished, (title: string) => pair(`Because you put “${title}” on your wishlist`, `因为你收藏了“${title}”`)],
  [bought, (title: string) => pair(`Because you bought “${title}”`, `因为你买过“${title}”`)],
  [reviewed, (title: string) => pair(`Because you reviewed “${title}”`, `因为你评价过“${title}”`)],
])
const becauseOfSession: Sentence = (title) => pair(`Because you are looking at “${title}”`, `因为你正在浏览“${title}”`)
const becauseOfHistory: Sentence = (title) => pair(`Because of your interest in “${title}”`, `因为你对“${title}”感兴趣`)
const becauseOfContent: Sentence = (title) => pair(`Described much like “${title}”`, `与“${title}”的内容相近`)

const aroundItem: Readonly<Partial<Record<RecommendationSource, Sentence>>> = {
  model: (title) =>
    pair(`People interested in “${title}” are interested in this too`, `对“${title}”感兴趣的人也对它感兴趣`),
  alsoViewed: (title) => pair(`People who viewed “${title}” also viewed this`, `看过“${title}”的人也看了它`),
  alsoBought: (title) => pair(`People who bought “${title}” also bought this`, `买过“${title}”的人也买了它`),
}
const impersonal: Readonly<Partial<Record<RecommendationSource, Text>>> = {
  popular: pair('Popular with other customers', '很多顾客喜欢'),
  trending: pair('Getting more attention than usual', '近期关注度上升'),
  newest: pair('Recently added to the catalogue or changed', '最近上架或更新'),
}

/**
 * Says why each item of an answer is there. For an item that the model ranked: the entry of the history with the largest
 * exact part in its score (Hu, Koren, Volinsky 2008, §5, for iALS; the summand for a linear model).
 */
export class Reasons {
  private readonly shop: TenantIndex
  private readonly view: ModelView | undefined
  private readonly answer: Answer
  private readonly parts: Float32Array

  constructor(shop: TenantIndex, view: ModelView | undefined, answer: Answer) {
    this.shop = shop
    this.view = view
    this.answer = answer
    this.parts = new Float32Array(answer.modelHistory?.length ?? 0)
  }

  of(candidate: Candidate): RecommendationReason[] {
    const text = impersonal[candidate.source]
    if (text !== undefined) return [{ text }]
    if (candidate.source === 'content') return this.ofContent(candidate)
    return this.answer.modelHistory === undefined ? this.ofAnchor(candidate) : this.ofHistory(candidate)
  }

  private ofHistory(candidate: Candidate): RecommendationReason[] {
    const { view } = this
    const { modelHistory, history } = this.answer
    const item = view?.itemOf(candidate.index)
    if (view === undefined || item === undefined || modelHistory === undefined) return []
    view.scorer.explain(modelHistory, item, this.parts)
    let best = 0
    for (let at = 1; at < modelHistory.length; at += 1) {
      if ((this.parts[at] ?? 0) > (this.parts[best] ?? 0)) best = at
    }
    const entry = history[modelHistory.positions[best] ?? 0]
    if (entry === undefined) return []
    const sentence = entry.event === undefined ? becauseOfSession : (byEvent.get(entry.event) ?? becauseOfHistory)
    return [this.reason(entry.itemId, this.parts[best] ?? 0, sentence)]
  }

  private ofContent(candidate: Candidate): RecommendationReason[] {
    const { anchors } = this.answer
    let best: { readonly index: number; readonly part: number } | undefined
    for (const [index, weight] of anchors) {
      const part = weight * this.shop.content.similarity(index, candidate.index)
      if (best === undefined || part > best.part) best = { index, part }
    }
    return best === undefined ? [] : [this.reason(this.shop.table.idAt(best.index), best.part, becauseOfContent)]
  }

  private ofAnchor(candidate: Candidate): RecommendationReason[] {
    const sentence = aroundItem[candidate.source]
    const [asked] = this.answer.history
    return sentence === undefined || asked === undefined ? [] : [this.reason(asked.itemId, candidate.score, sentence)]
  }

  private reason(itemId: string, contribution: number, sentence: Sentence): RecommendationReason {
    const index = this.shop.table.indexOf(itemId)
    const title = index === undefined ? undefined : this.shop.catalogue.entryAt(index)?.body.title
    return { itemId, contribution, text: sentence(title === undefined || title === '' ? itemId : title) }
  }
}
