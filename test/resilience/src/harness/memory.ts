import { readFile, writeFile } from 'node:fs/promises'
import type { ServiceProcess } from './service-process.ts'

/** Watches the resident memory of a process from a moment on. */
export interface MemoryWatch {
  readonly atStartBytes: number
  /** The most since the start, as the kernel has noted it: nothing between two looks is missed. */
  peakBytes(): Promise<number>
}

export async function watchMemory({ pid }: ServiceProcess): Promise<MemoryWatch> {
  const read = async (field: 'VmRSS' | 'VmHWM'): Promise<number> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
    if (kilobytes === undefined) throw new Error(`the kernel does not say the ${field} of process ${pid}`)
    return Number(kilobytes) * 1024
  }
  // Sets the peak back to what is resident now (proc_pid_clear_refs(5)).
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  return { atStartBytes: await read('VmRSS'), peakBytes: () => read('VmHWM') }
}
