import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { inventHistory, inventPayments } from '../../server/modules/demo/history.ts'
import { logos } from '../../server/modules/demo/logos.ts'
import { demoUnits } from '../../server/modules/demo/operator.ts'
import { createId, createRandom } from '../../server/modules/demo/random.ts'
import { cnpjCheck, cpfCheck, cuitCheck, vatCheck } from '../../server/modules/demo/tax-ids.ts'
import { contrastRatio } from '../../server/platform/accent.ts'

const now = Temporal.Instant.from('2026-11-22T15:00:00Z')
const history = inventHistory(now)
const digits = (text: string) => text.replace(/\D/g, '')

function isTaxId(country: string, kind: string, id: string): boolean {
  const only = digits(id)
  if (country === 'BR' && kind === 'person')
    return only.length === 11 && cpfCheck(only.slice(0, 9)) === only.slice(9)
  if (country === 'BR') return only.length === 14 && cnpjCheck(only.slice(0, 12)) === only.slice(12)
  if (country === 'AR') return only.length === 11 && cuitCheck(only.slice(0, 10)) === only.slice(10)
  if (country === 'GB') return only.length === 9 && vatCheck(only.slice(0, 7)) === only.slice(7)
  return /^\d{2}-\d{7}$/.test(id)
}

describe('tax ids', () => {
  it('have the check digits of known ones', () => {
    expect(cpfCheck('111444777')).toBe('35')
    expect(cnpjCheck('112223330001')).toBe('81')
    expect(cuitCheck('2026756539')).toBe('3')
    expect(vatCheck('9807806')).toBe('84')
  })
  it('are right everywhere, the operator’s own included, and nobody’s twice', () => {
    const wrong = history.accounts.filter(
      (account) => !isTaxId(account.country, account.kind, account.tax_id),
    )
    expect(wrong.map((account) => `${account.country} ${account.tax_id}`)).toEqual([])
    expect(demoUnits.filter((unit) => !isTaxId(unit.country, 'company', unit.tax_id))).toEqual([])
    expect(new Set(history.accounts.map((account) => account.tax_id)).size).toBe(history.accounts.length)
  })
})

describe('the invented history', () => {
  it('is the same for the same day, whatever was invented before', () => {
    const print = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')
    expect(print(inventHistory(now))).toBe(print(history))
    expect(print(inventHistory(now.add({ minutes: 5 })))).toBe(print(history))
    expect(print(inventHistory(now.add({ hours: 72 })))).not.toBe(print(history))
  })
  it('has some 300 accounts, each e-mail one holder’s, all of domains that cannot exist', () => {
    expect(history.accounts.length).toBeGreaterThan(290)
    expect(history.accounts.length).toBeLessThan(330)
    const holders = new Map<string, string>()
    for (const account of history.accounts) {
      expect(account.email).toMatch(/^[a-z0-9.]+@[a-z0-9.]+\.example$/)
      expect(holders.has(account.email)).toBe(false)
      holders.set(account.email, account.key)
      for (const contact of account.contacts) {
        expect(contact.email).toMatch(/^[a-z0-9.]+@[a-z0-9.]+\.example$/)
        if (contact.email === account.email) continue
        const other = holders.get(contact.email)
        // One owner has two accounts: the only person who is found twice.
        expect(other === undefined || contact.first_name === 'Renato').toBe(true)
        holders.set(contact.email, account.key)
      }
      expect(account.contacts.filter((contact) => contact.is_primary)).toHaveLength(1)
    }
    expect(new Set(history.accounts.map((account) => account.name)).size).toBe(history.accounts.length)
  })
  it('reads like life: no filler, every field filled', () => {
    const text = JSON.stringify(history.accounts)
    expect(/lorem|ipsum|\btest\b|undefined|\bNaN\b|asdf|John Doe/.exec(text)).toBeNull()
    for (const account of history.accounts) {
      expect(account.address.length).toBeGreaterThan(5)
      expect(account.postal_code.length).toBeGreaterThan(3)
      expect(account.phone).toMatch(/^\+\d/)
      expect(account.subscriptions.length).toBeGreaterThan(0)
      expect(account.subscriptions.length).toBeLessThan(4)
    }
  })
  it('has everything that can happen to a subscription', () => {
    const all = history.accounts.flatMap((account) => account.subscriptions)
    const count = (status: string) => all.filter((one) => one.status === status).length
    expect(count('active')).toBeGreaterThan(250)
    for (const status of [
      'awaiting_installation',
      'suspended',
      'suspended_administratively',
      'cancelled',
      'ended',
    ])
      expect(count(status), status).toBeGreaterThan(1)
    expect(all.filter((one) => one.discount_kind === 'percent').length).toBeGreaterThan(10)
    expect(all.filter((one) => one.discount_kind === 'amount').length).toBeGreaterThan(3)
    expect(all.filter((one) => one.suspensions.some(({ to }) => to !== null)).length).toBeGreaterThan(5)
    for (const one of all) {
      for (const { from, to } of one.suspensions) {
        expect(to === null || Temporal.PlainDate.compare(from, to) < 0).toBe(true)
        expect(Temporal.PlainDate.compare(from, '2026-11-22')).toBeLessThan(0)
      }
      if (one.status === 'cancelled') expect(one.end_reason).toBeTruthy()
      if (one.end_date) expect(Temporal.PlainDate.compare(one.start_date, one.end_date)).toBeLessThan(0)
    }
  })
  it.each([
    '2026-03-01T02:30:00Z',
    '2026-12-31T23:30:00Z',
    '2027-02-28T12:00:00Z',
    '2028-02-29T04:00:00Z',
    '2026-07-14T12:00:00Z',
  ])('can be made on any day: %s', (moment) => {
    const other = inventHistory(Temporal.Instant.from(moment))
    expect(other.accounts.length).toBe(history.accounts.length)
    for (const account of other.accounts)
      for (const one of account.subscriptions)
        if (one.end_date) expect(Temporal.PlainDate.compare(one.start_date, one.end_date)).toBeLessThan(0)
  })
  it('pays the same each time, never before the invoice is there', () => {
    const invoice = {
      issue_date: Temporal.PlainDate.from('2026-05-31'),
      due_date: Temporal.PlainDate.from('2026-06-05'),
      payment_method: 'pix' as const,
    }
    for (const account of history.accounts) {
      const payments = inventPayments(account, invoice)
      expect(inventPayments(account, invoice)).toEqual(payments)
      for (const { on } of payments)
        expect(Temporal.PlainDate.compare(on, invoice.issue_date)).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('ids', () => {
  it('are of version 7 and go by time', () => {
    const random = createRandom('ids')
    const early = createId(random, Temporal.Instant.from('2025-01-01T00:00:00Z'))
    const late = createId(random, Temporal.Instant.from('2025-01-01T00:00:01Z'))
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(early < late).toBe(true)
  })
})

describe('the look of the business units', () => {
  it.each(demoUnits.map((unit) => [unit.slug, unit] as const))('%s: logo and accent', async (slug, unit) => {
    const { data, info } = await sharp(Buffer.from(logos[slug])).raw().toBuffer({ resolveWithObject: true })
    expect(info.width / info.height).toBeGreaterThan(3)
    const inked = data.filter((_, at) => at % 4 === 3 && data[at]! > 128).length
    expect(inked / (info.width * info.height)).toBeGreaterThan(0.1)
    // Outlines only: a machine without fonts draws the same.
    expect(logos[slug]).not.toContain('<text')
    expect(contrastRatio(unit.accent, '#ffffff')).toBeGreaterThanOrEqual(4.5)
  })
})
