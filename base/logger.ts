/**
 * One JSON line per event on a stream: constant message, fields in API spelling, never a secret.
 *
 * error = an operator must act; warn = we cope; info = state changed; debug = why.
 */
import type { Clock } from './clock.ts'

export type Level = 'error' | 'warn' | 'info' | 'debug'
export type Fields = Readonly<Record<string, unknown>>

export interface Logger {
  error(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
  /** The same logger with these fields on every line. */
  with(fields: Fields): Logger
}

const RANK: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

export interface LoggerOptions {
  readonly clock: Clock
  readonly level: Level
  /** Receives whole lines, newline included. */
  readonly write: (line: string) => void
  readonly fields?: Fields
}

export function createLogger(options: LoggerOptions): Logger {
  const { clock, level, write, fields: bound } = options
  const log = (at: Level, message: string, fields?: Fields): void => {
    if (RANK[at] > RANK[level]) return
    const time = new Date(clock.now()).toISOString()
    write(`${JSON.stringify({ time, level: at, msg: message, ...bound, ...fields }, plain)}\n`)
  }
  return {
    error: (message, fields) => log('error', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    info: (message, fields) => log('info', message, fields),
    debug: (message, fields) => log('debug', message, fields),
    with: fields => createLogger({ ...options, fields: { ...bound, ...fields } }),
  }
}

/** Drops everything: for tests and for parts whose caller does not care. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  with: () => silentLogger,
}

/** Errors become their message (and code), bigints become decimal text: JSON knows neither. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    const code = 'code' in value ? { code: value.code } : {}
    const cause = value.cause === undefined ? {} : { cause: value.cause }
    return { error: value.message, ...code, ...cause }
  }
  return typeof value === 'bigint' ? value.toString() : value
}
