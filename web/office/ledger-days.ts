/** The first and last day of the month that is so many months before the one of a day (`YYYY-MM-DD`). */
export function monthsBack(day: string, months: number): { from: string; to: string } {
  const index = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 - months
  const write = (month: number) => `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`
  const last = new Date(Date.UTC(Math.floor(index / 12), (index % 12) + 1, 0)).getUTCDate()
  return { from: `${write(index)}-01`, to: `${write(index)}-${last}` }
}
