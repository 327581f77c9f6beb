// Kills the process groups and removes the folders that were named on standard input, once that closes.
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const pids = new Set<number>()
const folders = new Set<string>()

for await (const line of createInterface({ input: process.stdin })) {
  const [word, rest] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
  if (word === 'watch') pids.add(Number(rest))
  else if (word === 'forget') pids.delete(Number(rest))
  else if (word === 'folder') folders.add(rest)
}
for (const pid of pids) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It had ended already.
  }
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
