import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Writes lines in pieces, no faster than they are read at the other end. */
export class LineWriter {
  private readonly target: Writable
  private readonly closed = new AbortController()
  private text = ''

  constructor(target: Writable) {
    this.target = target
    target.once('close', () => this.closed.abort())
  }

  /** Whether nobody reads any more. */
  get isClosed(): boolean {
    return this.closed.signal.aborted
  }

  /** UTF-16 units that wait for `flush`. */
  get waiting(): number {
    return this.text.length
  }

  add(value: object): void {
    this.text += `${JSON.stringify(value)}\n`
  }

  /** Resolves when more may be written. @throws AbortError when nobody reads any more. */
  async flush(): Promise<void> {
    const { text, target } = this
    this.text = ''
    this.closed.signal.throwIfAborted()
    if (text !== '' && !target.write(text)) await once(target, 'drain', { signal: this.closed.signal })
  }

  end(): void {
    this.target.end(this.text)
  }
}
