import { isIP, type Socket } from 'node:net'
import { Connection, ConnectionStatuses, type API, type ConnectionOptions } from '@platformatic/kafka'
import { KafkaError } from '../kafka/kafka-error.ts'
import { fromPlatformatic } from './platformatic-error.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** A connection to one broker. It ends at the first request that is not answered in time: what is sent after it would wait behind it. */
export class Link {
  readonly #connection: Connection
  readonly #connected: Promise<void>
  #isOpen = true

  constructor({ host, port }: BrokerAddress, clientId: string, options: ConnectionOptions) {
    // The name in the certificate is that of the host; an address is no name.
    this.#connection = new Connection(clientId, { ...options, ...(isIP(host) === 0 ? { tlsServerName: host } : {}) })
    const end = (): void => void (this.#isOpen = false)
    this.#connection.on('error', end)
    this.#connection.on('close', end)
    this.#connected = this.#connect(host, port)
    // Whoever asks for something is told.
    this.#connected.catch(() => undefined)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @throws KafkaError */
  async request<Arguments extends unknown[], Answer>(
    api: API<Arguments, Answer>,
    args: Arguments,
    timeoutMs: number,
  ): Promise<Answer> {
    const overdue = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      overdue.reject(new KafkaError('REQUEST_TIMEOUT', `no answer within ${timeoutMs} ms`))
      this.cut('a request was not answered')
    }, timeoutMs)
    try {
      await Promise.race([this.#connected, overdue.promise])
      // What is sent while the broker asks for the credentials anew would cost the connection.
      const isLoggingIn = this.#connection.status === ConnectionStatuses.REAUTHENTICATING
      if (isLoggingIn) await Promise.race([this.#connection.ready(), overdue.promise])
      return await Promise.race([api.async(this.#connection, ...args), overdue.promise])
    } catch (error) {
      throw fromPlatformatic(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends it at once; what is under way rejects. */
  cut(reason: string): void {
    this.#isOpen = false
    // There is none when its options were refused.
    const socket: Socket | undefined = this.#connection.socket
    socket?.destroy(new Error(reason))
  }

  async #connect(host: string, port: number): Promise<void> {
    try {
      await this.#connection.connect(host, port)
    } catch (error) {
      this.cut('connecting failed')
      throw error
    }
  }
}
