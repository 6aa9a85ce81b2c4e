const plain = /^[A-Za-z0-9_:.+-]+$/
const texts = new WeakMap<Temporal.PlainDate, string>()

/** A date as text; the same object is asked for again and again where thousands of rows share a day. */
function dateText(date: Temporal.PlainDate): string {
  let text = texts.get(date)
  if (text === undefined) {
    text = date.toString()
    texts.set(date, text)
  }
  return text
}

function quote(text: string): string {
  if (plain.test(text) && text.length !== 4) return text
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/**
 * An array as PostgreSQL reads it, for statements that write many rows at once by `unnest`: what the driver would make of
 * the array itself, in a tenth of the time. Cast it to its type: `${arrayLiteral(ids)}::uuid[]`.
 */
export function arrayLiteral(
  values: readonly (string | number | boolean | Temporal.PlainDate | null | undefined)[],
): string {
  let literal = '{'
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (at > 0) literal += ','
    if (value === null || value === undefined) literal += 'NULL'
    else if (typeof value === 'string') literal += quote(value)
    else if (typeof value === 'object') literal += dateText(value)
    else literal += value
  }
  return `${literal}}`
}
