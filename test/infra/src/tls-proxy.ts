import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { generate } from 'selfsigned'

export interface TlsProxy extends AsyncDisposable {
  readonly port: number
  /** The certificate that a client has to trust. */
  readonly ca: string
  forwardTo(port: number): void
}

/** Ends TLS for a server that speaks none, with a certificate of its own for `localhost`. */
export async function startTlsProxy(): Promise<TlsProxy> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  let target = 0
  const server = createServer({ key, cert }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: target })
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ca: cert,
    forwardTo: (port) => void (target = port),
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
