import { expect, it } from 'vitest'
import { readServerSentEvents } from './server-sent-events.ts'

const bytes = new TextEncoder().encode(
  ': hello\n\nevent: log\ndata: {"line":"用时"}\n\ndata: one\r\ndata:two\r\n\r\nevent: none\n\nid: 7\ndata: cut',
)

it.each([1, 2, 7, 1000])('reads events that come in pieces of %i bytes', async (size) => {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
  expect(await Array.fromAsync(readServerSentEvents(ReadableStream.from(pieces)))).toEqual([
    { event: 'log', data: '{"line":"用时"}' },
    { event: 'message', data: 'one\ntwo' },
  ])
  expect(await Array.fromAsync(readServerSentEvents(null))).toEqual([])
})
