export interface ServerSentEvent {
  /** `message` when the server names none. */
  readonly event: string
  readonly data: string
}

const lineEnd = /\r\n|\n|\r(?!$)/

/** The events of a stream (HTML Living Standard, 9.2.6), without ids and comments. Lets go of the stream when it is left. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array> | null): AsyncGenerator<ServerSentEvent> {
  if (body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(lineEnd)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n') }
        event = ''
        data = []
      } else if (line.startsWith('event:')) event = valueOf(line)
      else if (line.startsWith('data:')) data.push(valueOf(line))
    }
  }
}

const valueOf = (line: string): string => line.slice(line.indexOf(':') + 1).replace(/^ /, '')
