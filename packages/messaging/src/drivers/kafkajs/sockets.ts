import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

const KEEP_ALIVE_DELAY_MS = 60_000

/**
 * The sockets of one client, so that they can be cut: kafkajs waits for every answer before it closes a connection, and
 * never gives up a connection on which an answer has not come.
 */
export class Sockets {
  readonly #open = new Set<Socket>()

  readonly create: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
    // A small request must not wait for the answer to the one before.
    socket.setNoDelay(true)
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    return socket
  }

  /** Ends all connections; what is under way on them rejects. */
  cut(reason: string): void {
    for (const socket of this.#open) socket.destroy(new Error(reason))
  }
}
