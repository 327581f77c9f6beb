/** One system call of a traced process, in the order in which calls began and ended. */
export interface SystemCall {
  readonly name: string
  /** The arguments as strace prints them, with whole strings and with the path behind each descriptor. */
  readonly text: string
  /** The file behind the first argument, when that is a descriptor. */
  readonly path: string
  readonly descriptor: number
  /** Lines of the trace at which the call began and at which it had ended; Infinity when it never did. */
  readonly began: number
  ended: number
  result: string
}

const LINE = /^(\d+)\s+(\w+)\((.*)$/
const RESUMED = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$/
const UNFINISHED = ' <unfinished ...>'
const DESCRIPTOR = /^(\d+)<([^>]*)>/

/** Reads what `strace -f -y` wrote. */
export function readTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = []
  const pending = new Map<string, SystemCall>()
  for (const [index, line] of trace.split('\n').entries()) {
    const resumed = RESUMED.exec(line)
    if (resumed !== null) {
      const call = pending.get(resumed[1] ?? '')
      if (call === undefined) continue
      pending.delete(resumed[1] ?? '')
      call.ended = index
      call.result = resultOf(line)
      continue
    }
    const [, thread = '', name = '', rest = ''] = LINE.exec(line) ?? []
    if (name === '') continue
    const unfinished = rest.endsWith(UNFINISHED)
    const [, descriptor = '-1', path = ''] = DESCRIPTOR.exec(rest) ?? []
    const common = { name, text: rest, path, descriptor: Number(descriptor), began: index }
    const call = { ...common, ended: unfinished ? Number.POSITIVE_INFINITY : index, result: resultOf(line) }
    calls.push(call)
    if (unfinished) pending.set(thread, call)
  }
  return calls
}

const resultOf = (line: string): string => / = ([^=]*)$/.exec(line)?.[1]?.trim() ?? ''
