import { RapportError } from '@rapport/core'
import { statePartitionOf, topics } from '@rapport/contracts'
import type { Subscriber, Subscription } from '@rapport/messaging'
import type { ServiceDependencies } from '@rapport/service-kit'

export type Ports = Pick<ServiceDependencies, 'eventLog' | 'onlineStore' | 'objectStore'>

/** Ports of a process that can die. */
export interface Mortal {
  readonly ports: Ports
  /** The state partitions that it consumes. */
  held(): readonly number[]
  /** From now on nothing that it does has any effect, and its partitions are free: as for a process that was killed. */
  kill(): Promise<void>
}

const dead = (): Error => new RapportError('RPT_TEST_KILLED', 'this process was killed', { canRetry: true })

/** The ports' methods that give a stream and no promise, which nobody would await. */
const streams: ReadonlySet<PropertyKey> = new Set(['list', 'scan'])

function refusal(method: PropertyKey): Promise<never> {
  if (streams.has(method)) throw dead()
  return Promise.reject(dead())
}

export function mortal({ eventLog, onlineStore, objectStore }: Ports): Mortal {
  let isDead = false
  const open: AsyncDisposable[] = []
  const subscribers: Subscriber[] = []
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(inner, name) {
        const value: unknown = Reflect.get(inner, name)
        if (typeof value !== 'function') return value
        return (...call: unknown[]): unknown => {
          if (isDead) return refusal(name)
          const result: unknown = Reflect.apply(value, inner, call)
          if (name === 'follow') return (result as Promise<AsyncDisposable>).then(noteOpen)
          if (name === 'subscribe') return (result as Promise<Subscriber>).then(noteSubscriber(call[0] as Subscription))
          return result
        }
      },
    })
  const noteOpen = <T extends AsyncDisposable>(one: T): T => {
    open.push(one)
    return one
  }
  const noteSubscriber =
    ({ topics: read, group }: Subscription) =>
    (subscriber: Subscriber): Subscriber => {
      if (read.includes(topics.events.name) && group.endsWith('feature')) subscribers.push(subscriber)
      return noteOpen(subscriber)
    }
  return {
    ports: { eventLog: guarded(eventLog), onlineStore: guarded(onlineStore), objectStore: guarded(objectStore) },
    held: () => subscribers.flatMap((subscriber) => (subscriber.held() ?? []).map(statePartitionOf)),
    kill: async () => {
      isDead = true
      await Promise.all(open.map((one) => one[Symbol.asyncDispose]()))
    },
  }
}
