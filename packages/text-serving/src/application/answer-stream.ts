import type { Writable } from 'node:stream'
import { textLimits, type TextOptions } from '@rapport/contracts'
import { splitRows } from '@rapport/core'
import { HttpError } from '@rapport/service-kit'
import { readLine } from '../domain/read-line.ts'
import { createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { findAnswerers, type Answerers } from './find-answerers.ts'
import { LineWriter } from './line-writer.ts'
import type { AnsweredText } from './shadow-scoring.ts'

/** An answer's piece is written at this length, in UTF-16 units. */
const pieceUnits = 64 * 1024

export interface StreamCall extends TextOptions {
  readonly tenant: string
}

/**
 * Labels documents, one a line, while they arrive: reads no faster than the answer is read, and holds a piece of each.
 * Never rejects: what breaks off is the answer's last line.
 */
export async function answerStream(
  context: TextContext,
  call: StreamCall,
  chunks: AsyncIterable<Buffer>,
  answer: Writable,
): Promise<void> {
  const lines = new LineWriter(answer)
  const pieces = new StreamPieces(context, call)
  try {
    const pacer = createSlicePacer()
    const endPiece = async (): Promise<void> => {
      // Whoever reads the answer may take long.
      pieces.end()
      await lines.flush()
    }
    // What a chunk has brought is answered before the next one is waited for, which may take its sender long.
    for await (const row of splitRows(noted(chunks, endPiece), textLimits.bodyBytes)) {
      const read = readLine(row)
      const answerers = await pieces.answerers()
      if ('error' in read) {
        answerers.main.tally.refused += 1
        lines.add(read)
      } else {
        const { document } = read
        const assigned = { ...document, served: answerers.of(document) }
        const labelled = context.profile.label([assigned], { ...call, pacer })
        for await (const { result, best } of labelled) {
          lines.add(result)
          pieces.note({ text: document.text, served: assigned.served, label: assigned.served.labels[best] as string })
        }
      }
      if (lines.waiting >= pieceUnits) await endPiece()
      if (pacer.due()) await pacer.pause(0)
    }
  } catch (error) {
    if (!lines.isClosed) lines.add(lastLine(context, error))
  } finally {
    pieces.end()
    lines.end()
  }
}

async function* noted(chunks: AsyncIterable<Buffer>, onConsumed: () => Promise<void>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk
    await onConsumed()
  }
}

function lastLine({ log }: TextContext, error: unknown): object {
  if (error instanceof HttpError) return { error: { code: error.code, message: error.message } }
  log.error({ err: error }, 'a stream of texts broke off')
  return { error: { code: 'RPT_HTTP_INTERNAL', message: 'The stream failed here; the log says why.' } }
}

/** Who answers each piece of a stream: a long one takes the version that has come to serve, and keeps none from leaving. */
class StreamPieces {
  private readonly context: TextContext
  private readonly call: StreamCall
  private held: Answerers | undefined
  private startedMs = 0
  private answered: AnsweredText[] = []

  constructor(context: TextContext, call: StreamCall) {
    this.context = context
    this.call = call
  }

  /** @throws HttpError. */
  async answerers(): Promise<Answerers> {
    if (this.held === undefined) {
      this.held = await findAnswerers(this.context, this.call)
      this.startedMs = performance.now()
    }
    return this.held
  }

  note(answered: AnsweredText): void {
    this.answered.push(answered)
  }

  end(): void {
    if (this.held === undefined) return
    this.context.shadow.take(this.answered)
    this.answered = []
    this.context.metrics.classifySeconds.observe((performance.now() - this.startedMs) / 1000)
    this.held[Symbol.dispose]()
    this.held = undefined
  }
}
