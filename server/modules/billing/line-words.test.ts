import { describe, expect, it } from 'vitest'
import type { Language } from '../../platform/translations.ts'
import { type ExplainedLine, explainLine } from './line-words.ts'

const date = Temporal.PlainDate.from
const may = { from: date('2026-04-30'), to: date('2026-05-31') }
const line: ExplainedLine = {
  period: { from: date('2026-05-21'), to: date('2026-05-31') },
  days: 10,
  of_days: 31,
  whole_period: may,
  unit_amount: 8990,
  quantity: 1,
  gross: 2900,
  discount: 0,
  discount_kind: null,
  discount_basis_points: null,
  discount_amount: null,
  net: 2900,
  rule: 'recurring_arrears',
}
const whole = { ...line, period: may, days: 31, gross: 8990, net: 8990 }

/** Unusual spaces of the formats made plain. */
const explained = (changes: Partial<ExplainedLine>, language: Language = 'en', currency = 'USD') =>
  explainLine({ ...line, ...changes }, currency, language).replace(/\s/g, ' ')

describe('explainLine', () => {
  it('says the days, the last one included, in every language', () => {
    expect(explained({}, 'pt-BR', 'BRL')).toBe(
      '10 de 31 dias (21 – 30 de mai. de 2026) × R$ 89,90 por mês = R$ 29,00. Cobrado após o uso.',
    )
    expect(explained({}, 'es', 'BRL')).toBe(
      '10 de 31 días (21 – 30 de may de 2026) × BRL 89,90 por mes = BRL 29,00. Se cobra después del uso.',
    )
    expect(explained({})).toBe(
      '10 of 31 days (May 21 – 30, 2026) × $89.90 per month = $29.00. Charged after use.',
    )
  })

  it('says a whole period, more than one, and in advance', () => {
    expect(explained({ ...whole, rule: 'recurring_advance' })).toBe(
      'Whole period (Apr 30 – May 30, 2026): $89.90 per month. Charged in advance.',
    )
    expect(explained({ ...whole, quantity: 3, gross: 26970, net: 26970, rule: 'recurring_advance' })).toBe(
      'Whole period (Apr 30 – May 30, 2026): 3 × $89.90 per month = $269.70. Charged in advance.',
    )
    expect(explained({ quantity: 2, gross: 5800, net: 5800 })).toContain('× 2 × $89.90 per month = $58.00.')
  })

  it('says a discount as it was agreed and as it came out', () => {
    const percent = {
      discount_kind: 'percent',
      discount_basis_points: 1250,
      discount: 363,
      net: 2537,
    } as const
    expect(explained(percent)).toContain('= $29.00. Less a discount of 12.5% ($3.63): $25.37.')
    const amount = { discount_kind: 'amount', discount_amount: 2000, discount: 645, net: 2255 } as const
    expect(explained(amount)).toContain('Less a discount of $20.00 per month, here $6.45: $22.55.')
    expect(explained({ ...whole, ...amount, discount: 2000, net: 6990 })).toContain(
      'per month. Less a discount of $20.00: $69.90.',
    )
  })

  it('says that a month was counted as thirty days, and other lengths as periods', () => {
    expect(explained({ of_days: 30 })).toContain('Days are counted in a commercial month of 30 days.')
    const quarter = { from: date('2026-03-31'), to: date('2026-06-30') }
    expect(explained({ whole_period: quarter, of_days: 91 })).toContain('$89.90 per quarter')
  })

  it('says nothing of a rule that it does not know, and keeps the decimals of the currency', () => {
    expect(explained({ rule: 'manual', unit_amount: 3100, gross: 1000, net: 1000 }, 'en', 'JPY')).toBe(
      '10 of 31 days (May 21 – 30, 2026) × ¥3,100 per month = ¥1,000.',
    )
  })
})
