import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { TrainingProcessSchema, type TrainingProcessVariables } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { JobRef } from '@rapport/model-store'
import { toEnvironment } from '@rapport/service-kit'

export interface TrainingProcessOptions {
  /** Program of the process. */
  readonly entry: string
  /** Variables that say where the stores are and who may use them. */
  readonly stores: Readonly<Record<string, string>>
  readonly memoryMb: number
  /** Versions of the model that it leaves beside those that serve or can be rolled back to. */
  readonly keepVersions: number
  readonly logLevel: TrainingProcessVariables['RAPPORT_LOG_LEVEL']
  readonly log: Log
}

export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines on standard error, for the job's record. */
  readonly lastWords: string
}

/** A running training process. */
export interface TrainingProcess {
  readonly pid: number | undefined
  readonly exited: Promise<ProcessExit>
  /** Asks it to end (SIGTERM), and makes it end (SIGKILL) after `graceMs`. Resolves when it has. */
  stop(graceMs: number): Promise<void>
}

export type StartTraining = (job: JobRef, owner: string) => TrainingProcess

const keptLines = 20
/** Read by its native library when it loads: errors alone are logged, and a GPU's memory is taken as it is needed. */
const tensorFlow = { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' } as const

/**
 * Starts the training of a job as a child process: of low priority, so that serving comes first, and with a bounded heap.
 * Its standard input is a pipe that ends with this process: a training whose parent has died ends itself.
 */
export function createStartTraining(options: TrainingProcessOptions): StartTraining {
  return ({ tenant, id }, owner) => {
    const { entry, memoryMb, log } = options
    const child = spawn(process.execPath, [`--max-old-space-size=${memoryMb}`, entry], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Nothing else of this process's environment: secrets are not handed on.
      env: {
        ...options.stores,
        ...tensorFlow,
        ...toEnvironment(TrainingProcessSchema, {
          RAPPORT_TRAINING_TENANT: tenant,
          RAPPORT_TRAINING_JOB: id,
          RAPPORT_TRAINING_OWNER: owner,
          RAPPORT_TRAINING_MEMORY_MB: memoryMb,
          RAPPORT_TRAINING_KEEP_VERSIONS: options.keepVersions,
          RAPPORT_LOG_LEVEL: options.logLevel,
        }),
      },
    })
    if (child.pid !== undefined) lowerPriority(child.pid, log)
    const last: string[] = []
    forEachLine(child.stdout, (line) => relay(line, log, { tenant, job: id }))
    forEachLine(child.stderr, (line) => {
      last.push(line)
      if (last.length > keptLines) last.shift()
      relay(line, log, { tenant, job: id })
    })
    // A write to the pipe of a process that has ended is no event for us; its exit is.
    child.stdin.on('error', () => undefined)
    const exited = new Promise<ProcessExit>((resolve) => {
      child.on('error', (error) => resolve({ code: null, signal: null, lastWords: error.message }))
      child.on('close', (code, signal) => resolve({ code, signal, lastWords: last.join('\n') }))
    })
    return {
      pid: child.pid,
      exited,
      stop: async (graceMs) => {
        child.kill('SIGTERM')
        const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
        await exited
        clearTimeout(timer)
      },
    }
  }
}

function lowerPriority(pid: number, log: Log): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch (error) {
    log.warn({ err: error, pid }, 'the priority of the training process could not be lowered')
  }
}

const forEachLine = (stream: Readable, onLine: (line: string) => void): void => {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine)
}

/** Hands a log line of the process on, under the job; what is no log line is a message of its own. */
function relay(line: string, log: Log, job: object): void {
  if (line.trim() === '') return
  const entry = parseEntry(line)
  if (entry === undefined) return log.info(job, line)
  const { level, msg, time: _time, name: _name, ...fields } = entry
  const write = level === 'debug' || level === 'warn' || level === 'error' ? level : 'info'
  log[write]({ ...fields, ...job }, typeof msg === 'string' ? msg : '')
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    // Not JSON: the line stands for itself.
    return undefined
  }
}
