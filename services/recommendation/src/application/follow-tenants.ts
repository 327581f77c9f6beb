import { topics } from '@rapport/contracts'
import type { EventLog, Follower } from '@rapport/messaging'
import type { RecommendationContext } from './context.ts'

type Kept = Pick<RecommendationContext, 'shops' | 'trends' | 'answers'>

/** Trends count by item numbers, remembered answers by catalogue revisions: they go with the index that these are of. */
export function forgetWithIndex({ shops, trends, answers }: Kept): void {
  shops.onDrop((tenant) => {
    trends.forget(tenant)
    answers.forget(tenant)
  })
}

/** Forgets what is kept of a tenant when its access changes: it may be gone, or be a new one of the same name. */
export function followTenants(eventLog: EventLog, { shops, trends, answers }: Kept): Promise<Follower> {
  return eventLog.follow(topics.access.name, (records) => {
    for (const { key } of records) {
      trends.forget(key)
      answers.forget(key)
      shops.dropUnused(key)
    }
  })
}
