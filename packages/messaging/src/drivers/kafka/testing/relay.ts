import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

const SASL_AUTHENTICATE = 36
const KEY_OFFSET = 4

/** Something between a client and a broker that cuts connections in the middle of a login. */
export interface LoginRelay extends AsyncDisposable {
  readonly port: number
  /** How many logins are still to be cut. */
  cuts: number
  /** Ends all connections, so that everybody has to log in again. */
  cutAll(): void
}

export async function startLoginRelay(to: { readonly port: number }): Promise<LoginRelay> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const broker = connect({ host: '127.0.0.1', port: to.port })
    const end = (): void => {
      open.delete(client)
      client.destroy()
      broker.destroy()
    }
    open.add(client)
    for (const socket of [client, broker]) socket.on('error', end).on('close', end)
    // While it logs in a client sends nothing before it has its answer: a chunk is one request.
    client.on('data', (chunk: Buffer) => {
      const key = chunk.length > KEY_OFFSET + 2 ? chunk.readInt16BE(KEY_OFFSET) : -1
      if (key === SASL_AUTHENTICATE && relay.cuts > 0) {
        relay.cuts -= 1
        end()
      } else broker.write(chunk)
    })
    broker.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const relay: LoginRelay = {
    port: (server.address() as AddressInfo).port,
    cuts: 0,
    cutAll: () => open.forEach((client) => client.destroy()),
    [Symbol.asyncDispose]: async () => {
      relay.cutAll()
      server.close()
    },
  }
  return relay
}
