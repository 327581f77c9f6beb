import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'

export interface TlsProxy extends AsyncDisposable {
  readonly port: number
  /** The certificate that a client has to trust. */
  readonly ca: string
  forwardTo(port: number): void
}

/** Ends TLS for a server that speaks none, with a certificate of its own for `localhost`. */
export async function startTlsProxy(): Promise<TlsProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-tls-'))
  const store = join(folder, 'store.p12')
  const secret = ['-keystore', store, '-storepass', 'changeit', '-alias', 'broker']
  const san = ['-ext', 'san=dns:localhost,ip:127.0.0.1']
  execFileSync(
    'keytool',
    ['-genkeypair', ...secret, '-storetype', 'PKCS12', '-keyalg', 'EC', '-dname', 'CN=localhost', ...san],
    { stdio: 'pipe' },
  )
  const ca = execFileSync('keytool', ['-exportcert', '-rfc', ...secret], { stdio: 'pipe' }).toString()
  const pfx = readFileSync(store)
  rmSync(folder, { recursive: true })
  let target = 0
  const server = createServer({ pfx, passphrase: 'changeit' }, (client) => {
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
    ca,
    forwardTo: (port) => void (target = port),
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}
