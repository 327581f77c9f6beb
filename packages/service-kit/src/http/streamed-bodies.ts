import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How often in its limit a body is looked at. */
const looks = 4

/**
 * Bodies that are answered while they arrive, and may take any time as long as bytes keep coming. The server's limit for
 * a whole request stays what ends every other one.
 */
export class StreamedBodies {
  readonly #requests = new WeakMap<Socket, { readonly request: IncomingMessage; readonly writtenBefore: number }>()

  /** For a request whose body is read as a stream, by whoever may send it. */
  add(request: IncomingMessage): void {
    const { socket } = request
    this.#requests.set(socket, { request, writtenBefore: socket.bytesWritten })
  }

  /** Once it is answered, nothing more of it is waited for. */
  remove(request: IncomingMessage): void {
    if (this.#requests.get(request.socket)?.request === request) this.#requests.delete(request.socket)
  }

  /**
   * Takes over a connection whose request has reached the limit of a whole one; the server looks at it no more.
   * When nothing has come for `idleMs`, or the request was answered before its end, the connection is closed.
   * @param refuse Closes one on which no answer has begun.
   * @returns False, and does nothing, where no body is streamed.
   */
  watch(socket: Socket, { idleMs, refuse }: { idleMs: number; refuse: () => void }): boolean {
    const watched = this.#requests.get(socket)
    if (watched === undefined) return false
    const { request, writtenBefore } = watched
    let [bytes, idleLooks] = [socket.bytesRead, 0]
    const timer = setInterval(() => {
      // Looks are counted, not time: a process that was held up has not read what has come.
      idleLooks = socket.bytesRead === bytes ? idleLooks + 1 : 0
      bytes = socket.bytesRead
      const isAnswered = this.#requests.get(socket) !== watched
      if (!request.complete && !isAnswered && idleLooks < looks) return
      clearInterval(timer)
      if (request.complete) return
      if (socket.bytesWritten === writtenBefore) refuse()
      else socket.destroy()
    }, idleMs / looks)
    socket.once('close', () => clearInterval(timer))
    return true
  }
}
