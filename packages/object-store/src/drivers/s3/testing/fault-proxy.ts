import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'

/** What happens to one request. Bytes are counted in the answer's body. */
export type Fault =
  /** The store does it, and nobody hears of it. */
  | { readonly kind: 'lose answer' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'flip'; readonly atByte: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** It never reaches the store, and nothing comes back. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** The caller does something first, or in place of the store. True: the request is dealt with. */
  | {
      readonly kind: 'handle'
      readonly handle: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<boolean>
    }

export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string
  /** Asked for each request; undefined lets it pass. */
  fault: (incoming: IncomingMessage) => Fault | undefined
  /** `PUT /bucket/key`, in the order of arrival. */
  readonly requests: string[]
  readonly openConnections: () => number
  /** Faults that have happened. */
  readonly happened: Fault[]
}

/** Stands between the driver and a real S3 server, on a port of its own; signatures hold because `Host` passes unchanged. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((incoming, outgoing) => {
    proxy.requests.push(`${incoming.method} ${incoming.url}`)
    serve(proxy, target, { incoming, outgoing }).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => undefined,
    requests: [],
    happened: [],
    openConnections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
  return proxy
}

interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

async function serve(proxy: FaultProxy, target: string, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange
  const fault = proxy.fault(incoming)
  if (fault !== undefined) proxy.happened.push(fault)
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'handle' && (await fault.handle(incoming, outgoing))) return
  if (fault?.kind === 'answer') {
    incoming.resume()
    await once(incoming, 'end')
    outgoing.writeHead(fault.status, { 'content-type': 'application/xml' }).end(fault.body)
    return
  }
  const answer = await forward(target, incoming)
  if (fault?.kind === 'lose answer') {
    await Array.fromAsync(answer)
    incoming.socket.destroy()
    return
  }
  await pass(answer, exchange, fault)
}

async function forward(target: string, incoming: IncomingMessage): Promise<IncomingMessage> {
  const { method, url, rawHeaders: headers } = incoming
  const outgoing = request(new URL(url ?? '/', target), { method, path: url, headers } as object)
  outgoing.on('error', () => undefined)
  incoming.once('close', () => {
    if (!incoming.complete) outgoing.destroy()
  })
  incoming.pipe(outgoing)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return answer
}

async function pass(
  answer: IncomingMessage,
  { incoming, outgoing }: Exchange,
  fault: Fault | undefined,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    outgoing.once('close', () => {
      answer.destroy()
      resolve()
    })
  })
  outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
  let sent = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (fault?.kind === 'flip' && fault.atByte >= sent && fault.atByte < sent + chunk.byteLength) {
      chunk.writeUInt8(chunk.readUInt8(fault.atByte - sent) ^ 1, fault.atByte - sent)
    }
    const limit = fault?.kind === 'cut' || fault?.kind === 'stall' ? fault.afterBytes - sent : Number.POSITIVE_INFINITY
    sent += chunk.byteLength
    const goesOn = outgoing.write(chunk.subarray(0, Math.max(0, Math.min(limit, chunk.byteLength))))
    if (sent >= (fault?.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY)) {
      await new Promise((resolve) => setImmediate(resolve))
      incoming.socket.destroy()
      return
    }
    if (fault?.kind === 'stall' && sent >= fault.afterBytes) return
    if (!goesOn) await Promise.race([closed, new Promise((resolve) => outgoing.once('drain', resolve))])
  }
  outgoing.end()
}
