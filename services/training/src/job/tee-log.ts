import type { Log } from '@rapport/core'

const levels = ['debug', 'info', 'warn', 'error'] as const

/** A logger that also hands every line above `debug` on as text, for the job's record. */
export function teeLog(log: Log, onLine: (line: string) => void): Log {
  const tee =
    (level: (typeof levels)[number]): Log['info'] =>
    (fields, message) => {
      log[level](fields, message)
      if (level !== 'debug') onLine(`${new Date().toISOString()} ${level} ${message ?? ''} ${textOf(fields)}`.trimEnd())
    }
  return { debug: tee('debug'), info: tee('info'), warn: tee('warn'), error: tee('error') }
}

function textOf(fields: object): string {
  const shown = Object.entries(fields).map(([name, value]: [string, unknown]) => {
    const text = value instanceof Error ? value.message : JSON.stringify(value)
    return `${name}=${text}`
  })
  return shown.join(' ')
}
