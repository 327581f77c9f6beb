import { Load, type Answer } from './load.ts'
import type { Kill } from './random-kills.ts'

export const recommendationsPerSecond = 20
/**
 * What one process may have in hand when it is killed: it has half of the 20 requests a second, and would have ten under
 * way if each took a whole second.
 */
export const mostInHand = recommendationsPerSecond / 2

/** Until the gateway has seen that a connection has ended, it may send a request into it; also on a busy machine. */
const noticedWithinMs = 500

/** How requests for recommendations went while processes were killed. */
export interface Judgement {
  /** With at least one item. */
  readonly answered: number
  /** Not answered, and under way when a process of the service was killed. */
  readonly inHand: number
  /** Not answered, and under way while the one gateway was away. */
  readonly withoutGateway: number
  /** Whatever no kill explains. */
  readonly failed: readonly Answer[]
}

export interface Asked {
  readonly url: string
  readonly key: string
  readonly users: number
  /** Their ids, from 0. */
  readonly userOf?: (number: number) => string
}

/** Asks at a steady rate, whatever becomes of earlier requests. They are not made again. */
export function askForRecommendations({ url, key, users, userOf = (number) => `user-${number}` }: Asked): Load {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return new Load({
    perSecond: recommendationsPerSecond,
    next: (number) => ({
      url: `${url}/v1/recommendations`,
      init: { method: 'POST', headers, body: JSON.stringify({ userId: userOf(number % users), count: 5 }) },
    }),
  })
}

export function judgeRecommendations(answers: readonly Answer[], kills: readonly Kill[]): Judgement {
  const judged = Map.groupBy(answers, (answer) => {
    if (answer.status === 200) return hasItems(answer) ? 'answered' : 'failed'
    const isDuring = (fromMs: number, untilMs: number): boolean =>
      answer.startedMs <= untilMs && answer.startedMs + answer.tookMs >= fromMs
    // The gateway itself answers for a process that breaks off.
    const isOfProcess = ({ service, signalledMs, goneMs }: Kill): boolean =>
      service === 'recommendation' && answer.status === 503 && isDuring(signalledMs, goneMs + noticedWithinMs)
    if (kills.some(isOfProcess)) return 'inHand'
    const isOfGateway = ({ service, signalledMs, backMs }: Kill): boolean =>
      service === 'gateway' && isDuring(signalledMs, backMs ?? Number.POSITIVE_INFINITY)
    return kills.some(isOfGateway) ? 'withoutGateway' : 'failed'
  })
  const count = (name: 'answered' | 'inHand' | 'withoutGateway'): number => judged.get(name)?.length ?? 0
  return {
    answered: count('answered'),
    inHand: count('inHand'),
    withoutGateway: count('withoutGateway'),
    failed: judged.get('failed') ?? [],
  }
}

const hasItems = ({ body }: Answer): boolean => (JSON.parse(body) as { items: unknown[] }).items.length > 0
