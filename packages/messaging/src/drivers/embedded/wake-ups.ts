import { BroadcastChannel } from 'node:worker_threads'

interface Message {
  readonly topics?: readonly string[]
  readonly group?: string
}

type Listener = () => void

/** Tells everybody who has this data folder open, in any thread of the process, that something has changed. */
export class WakeUps {
  readonly #channel: BroadcastChannel
  readonly #listeners = new Map<string, Set<Listener>>()

  constructor(directory: string, refresh: () => void) {
    this.#channel = new BroadcastChannel(`rapport-event-log:${directory}`)
    this.#channel.unref()
    this.#channel.addEventListener('message', (event: unknown) => {
      // The thread's read snapshot may be older than the message: a reader woken with it would go back to sleep.
      refresh()
      const message = (event as { readonly data: Message }).data
      for (const topic of message.topics ?? []) this.#wake(`topic ${topic}`)
      if (message.group !== undefined) this.#wake(`group ${message.group}`)
    })
  }

  onTopic(topic: string, listener: Listener): () => void {
    return this.#listen(`topic ${topic}`, listener)
  }

  onGroup(group: string, listener: Listener): () => void {
    return this.#listen(`group ${group}`, listener)
  }

  topicsGrew(topics: readonly string[]): void {
    for (const topic of topics) this.#wake(`topic ${topic}`)
    this.#channel.postMessage({ topics } satisfies Message)
  }

  groupChanged(group: string): void {
    this.#wake(`group ${group}`)
    this.#channel.postMessage({ group } satisfies Message)
  }

  close(): void {
    this.#channel.close()
    this.#listeners.clear()
  }

  #listen(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  #wake(name: string): void {
    for (const listener of this.#listeners.get(name) ?? []) listener()
  }
}
