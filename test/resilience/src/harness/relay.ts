import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A port of its own that leads to another, as an address does that is moved to another server in a failover. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Connections end; new ones lead to that port. */
  leadTo(port: number): void
}

export async function startRelay(first: number): Promise<Relay> {
  let target = first
  const open = new Set<Socket>()
  const cutAll = (): void => open.forEach((socket) => socket.destroy())
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: target })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.setNoDelay(true)
      // The other side learns of it by its close.
      one.on('error', () => {})
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => {
      target = port
      cutAll()
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      cutAll()
      await closed
    },
  }
}
