import { connect } from 'node:net'

/** Request 18 of the protocol, version 0, correlation id 7, no client id: which requests do you know? */
const request = Buffer.from('0000000a0012000000000007ffff', 'hex')

export interface ApiVersions {
  readonly errorCode: number
  /** Kinds of requests that the broker knows. */
  readonly apis: number
}

/** Asks a broker (`host:port`) the first question of every client: the plainest proof that it serves. */
export async function askApiVersions(
  broker: string,
  { timeoutMs = 5000 }: { readonly timeoutMs?: number } = {},
): Promise<ApiVersions> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiVersions>()
  const { hostname, port } = new URL(`kafka://${broker}`)
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(request))
  const giveUp = setTimeout(() => reject(new Error(`${broker} did not answer within ${timeoutMs} ms.`)), timeoutMs)
  let received = Buffer.alloc(0)
  socket.once('error', reject)
  socket.once('close', () => reject(new Error(`${broker} closed the connection.`)))
  // Length, correlation id, error code, number of APIs.
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    if (received.length < 14) return
    resolve({ errorCode: received.readInt16BE(8), apis: received.readInt32BE(10) })
  })
  return promise.finally(() => {
    clearTimeout(giveUp)
    socket.destroy()
  })
}
