/** Today as `YYYY-MM-DD` in a time zone (IANA name): that of a business unit, else the browser's. */
export function localToday(timeZone: string | undefined): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone }).format(new Date())
}
