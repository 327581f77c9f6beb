import { readFileSync } from 'node:fs'

interface Ticks {
  readonly all: number
  readonly others: number
}

const numbersOf = (text: string): number[] => text.trim().split(/\s+/).map(Number)

/** Of a process, and of its children that have ended; the fields follow its name, which stands in parentheses. */
function readStat(pid: number): { readonly own: number; readonly children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = numbersOf(stat.slice(stat.lastIndexOf(')') + 3)).slice(
    10,
  )
  return { own: user + system, children: childUser + childSystem }
}

/** CPU that a process has had so far, user and system. The kernel counts in hundredths of a second. */
export const cpuSecondsOf = (pid: number): number => readStat(pid).own / 100

function readTicks(pids: readonly number[]): Ticks {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, stolen = 0] = numbersOf(
    first.slice('cpu'.length),
  )
  const busy = user + nice + system + irq + softIrq + stolen
  const generator = readStat(process.pid)
  const measured = pids.reduce((sum, pid) => sum + readStat(pid).own, 0)
  return { all: busy + idle + wait, others: busy - measured - generator.own - generator.children }
}

/**
 * Tells, when it is called, what per cent of all cores went to neither the platform, of these processes, nor the load generator since. A
 * figure measured beside other work says little, and must show it.
 */
export function watchOtherLoad(pids: readonly number[]): () => number {
  const before = readTicks(pids)
  return () => {
    const after = readTicks(pids)
    return Math.max(0, (100 * (after.others - before.others)) / Math.max(1, after.all - before.all))
  }
}
