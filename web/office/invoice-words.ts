/** How people call an invoice: its series and its number. */
export function numberOfInvoice(invoice: { series: string; number: number }): string {
  return `${invoice.series}-${invoice.number}`
}

/** The word for how an invoice stands: what is open and late is overdue. */
export function stateOfInvoice(invoice: { state: string; overdue: boolean }): string {
  return invoice.state === 'open' && invoice.overdue ? 'overdue' : invoice.state
}
