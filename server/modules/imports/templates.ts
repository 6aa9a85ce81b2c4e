import { csvRow } from '../../platform/csv.ts'
import type { ImportKind } from '../../platform/database.gen.ts'

// The headers are the targets' own names, which suggestMapping recognises: a filled template needs no mapping by hand.
const templates: Record<ImportKind, [header: string, example: string][]> = {
  accounts: [
    ['external_id', 'C-1001'],
    ['name', 'Padaria Estrela Ltda.'],
    ['kind', 'company'],
    ['tax_id', '12.345.678/0001-95'],
    ['email', 'financeiro@estrela.example'],
    ['phone', '+55 11 5555-0101'],
    ['address', 'Rua das Flores, 120'],
    ['city', 'São Paulo'],
    ['state', 'SP'],
    ['country', 'BR'],
    ['postal_code', '01310-100'],
    ['language', 'pt-BR'],
    ['notes', ''],
  ],
  contacts: [
    ['account_external_id', 'C-1001'],
    ['contact_external_id', 'P-1'],
    ['first_name', 'Ana'],
    ['last_name', 'Souza'],
    ['email', 'ana@estrela.example'],
    ['phone', '+55 11 5555-0102'],
    ['title', 'Finance'],
  ],
  services: [
    ['account_external_id', 'C-1001'],
    ['account_name', 'Padaria Estrela Ltda.'],
    ['account_email', 'financeiro@estrela.example'],
    ['subscription_external_id', 'S-5001'],
    ['product_name', 'Internet'],
    ['plan_name', 'Fibra 300'],
    ['plan_kind', 'broadband'],
    ['price', '99.90'],
    ['quantity', '1'],
    ['discount', '10%'],
    ['start', '2025-03-15'],
    ['term_months', '12'],
    ['payment_method', 'boleto'],
    ['state', 'active'],
    ['end', ''],
  ],
}

/** The template of a kind of import (A4): its headers and one example row. */
export function writeTemplate(kind: ImportKind): Buffer {
  const cells = templates[kind]
  return Buffer.from(
    `\ufeff${csvRow(cells.map(([header]) => header))}${csvRow(cells.map(([, example]) => example))}`,
  )
}
