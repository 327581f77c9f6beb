import { Command } from 'ioredis'

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

/** A command that is sent together with others. */
export class BatchCommand extends Command {
  /** Called by the client. The batch has a time-out as a whole: a timer for each of a hundred commands was dear. */
  override setTimeout(): void {}
}

/** Arguments that many commands have in common, brought into the form of the protocol once. */
export class SharedArguments {
  readonly count: number
  readonly text: string

  constructor(args: readonly string[]) {
    this.count = args.length
    this.text = args.map(bulk).join('')
  }
}

/**
 * A command on one key with shared arguments, its reply as bytes. A read of a hundred entities names the same fields of
 * each: written out by every command they were a fifth of what the read cost.
 */
export class SharedArgumentsCommand extends BatchCommand {
  readonly #head: string
  readonly #shared: SharedArguments

  constructor(name: string, key: string, shared: SharedArguments) {
    super(name, [key], { replyEncoding: null })
    this.#head = `*${2 + shared.count}\r\n${bulk(name)}${bulk(key)}`
    this.#shared = shared
  }

  /** What the client sends. */
  override toWritable(): string {
    return this.#head + this.#shared.text
  }
}
