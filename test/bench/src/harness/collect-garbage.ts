import { setTimeout } from 'node:timers/promises'

/** A process of Node that listens for an inspector (`--inspect=127.0.0.1:PORT`). */
export interface InspectedProcess extends Disposable {
  /** Collects all garbage of the main thread; resolves when it is done. */
  collectGarbage(): Promise<void>
}

const withinMs = 10_000

/** @throws Error when no inspector answers at that port. */
export async function inspect(port: number): Promise<InspectedProcess> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`, { signal: AbortSignal.timeout(withinMs) })
  const [target] = (await answer.json()) as readonly { readonly webSocketDebuggerUrl: string }[]
  if (target === undefined) throw new Error(`nothing can be inspected at port ${port}`)
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  const waiting = new Map<number, () => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id } = JSON.parse(String(data)) as { readonly id?: number }
    if (id === undefined) return
    waiting.get(id)?.()
    waiting.delete(id)
  })
  const opened = Promise.withResolvers<void>()
  socket.addEventListener('open', () => opened.resolve())
  socket.addEventListener('error', () => opened.reject(new Error(`the inspector at port ${port} refuses`)))
  await opened.promise
  let asked = 0
  return {
    async collectGarbage() {
      const id = ++asked
      const done = Promise.withResolvers<void>()
      waiting.set(id, done.resolve)
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }))
      const late = setTimeout(withinMs, 'late', { ref: false })
      if ((await Promise.race([done.promise, late])) === 'late')
        throw new Error(`the process at port ${port} has not collected its garbage in time`)
    },
    [Symbol.dispose]: () => socket.close(),
  }
}
