import type { DocumentKind } from './document-queries.ts'

/** What stands before an amount of a document: what a credit note says is less. */
export function signOfDocument(kind: DocumentKind): 1 | -1 {
  return kind === 'credit_note' ? -1 : 1
}

/** Whether a document of this kind is owed. */
export function isDebt(kind: DocumentKind): boolean {
  return kind === 'invoice' || kind === 'debit_note'
}
