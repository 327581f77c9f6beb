import { connect } from 'node:net'

/**
 * Sends one command to a Redis and returns its answer as text: a simple string or number, the content of a bulk string, or an
 * error with its leading `-`. For starting and checking servers; programs use a client library.
 */
export async function redisCommand(port: number, ...words: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port })
  let received = ''
  socket.setEncoding('utf8')
  socket.setTimeout(2000, () => socket.destroy(new Error(`Redis at port ${port} did not answer within 2 s.`)))
  socket.once('error', reject)
  socket.once('close', () => reject(new Error(`Redis at port ${port} closed the connection.`)))
  socket.on('data', (text: string) => {
    received += text
    const answer = readAnswer(received)
    if (answer === undefined) return
    resolve(answer)
    socket.destroy()
  })
  socket.write(`*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('')}`)
  return promise
}

/** The first answer in the text, or undefined while it is not all there. */
function readAnswer(text: string): string | undefined {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end)
  if (head.startsWith('+') || head.startsWith(':')) return head.slice(1)
  if (!head.startsWith('$')) return head
  const length = Number(head.slice(1))
  if (length < 0) return ''
  const body = Buffer.from(text.slice(end + 2))
  return body.length < length + 2 ? undefined : body.subarray(0, length).toString()
}
