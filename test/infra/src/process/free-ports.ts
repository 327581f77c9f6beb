import { createServer } from 'node:net'

const handedOut = new Set<number>()

/**
 * Free ports on 127.0.0.1. They lie below the range from which systems take the near end of outgoing connections (32768 on
 * Linux, 49152 elsewhere): a client that keeps dialling the port of a killed server could otherwise be given that very port,
 * connect to itself and keep the server from coming back.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > 1000) throw new Error('No free port was found between 12000 and 32000.')
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    if (handedOut.has(port) || !(await isFree(port))) continue
    handedOut.add(port)
    ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  return promise
}
