const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/**
 * Milliseconds since the epoch of an ISO 8601 date or time, also with a space in place of the T; without an offset it is
 * UTC, wherever this runs. NaN when it is none.
 */
export function parseTime(text: string): number {
  const [whole, date, time = '00:00', offset = 'Z'] = form.exec(text.trim()) ?? []
  if (whole === undefined) return Number.NaN
  const zone = /^[Zz]$/.test(offset) ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3).replace(':', '') || '00'}`
  return Date.parse(`${date}T${time}${zone}`)
}
