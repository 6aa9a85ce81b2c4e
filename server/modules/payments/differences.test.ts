import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocateMoney, type Debt, type Lateness, notLate } from './differences.ts'

const day = (text: string) => Temporal.PlainDate.from(text)
const due = day('2026-05-10')
const late = day('2026-05-20')
const debt = (id: string, open_amount: number, due_date = due): Debt => ({
  id,
  account_id: 'a',
  currency: 'BRL',
  state: 'open',
  due_date,
  open_amount,
})
const note = (id: string, about_invoice_id: string, open_amount: number) => ({
  ...debt(id, open_amount),
  about_invoice_id,
})
const noteOf = (charged: string[], notes: Lateness['notes'] = []): Lateness => ({
  notes,
  charged: new Set(charged),
  late: new Set(),
})
const money = (amount: number, late_fee = 0, interest = 0, discount = 0, received_on = late) => ({
  amount,
  received_on,
  adjusted: { late_fee, interest, discount },
})
const nothing = { paid: [], discounts: [], charges: [], rest: 0 }

describe('money that is another amount than was charged', () => {
  it('with late fee and interest pays the invoice and charges them', () => {
    expect(allocateMoney(money(10_300, 200, 100), [debt('i', 10_000)], notLate())).toEqual({
      ...nothing,
      paid: [{ invoice_id: 'i', amount: 10_000 }],
      charges: [{ about_invoice_id: 'i', late_fee: 200, interest: 100 }],
    })
  })

  it('with a discount leaves exactly that to a credit note', () => {
    expect(allocateMoney(money(9_500, 0, 0, 500), [debt('i', 10_000)], notLate())).toEqual({
      ...nothing,
      paid: [{ invoice_id: 'i', amount: 9_500 }],
      discounts: [{ invoice_id: 'i', amount: 500 }],
    })
  })

  it('may have been abated and fined at once', () => {
    expect(allocateMoney(money(9_300, 200, 100, 1_000), [debt('i', 10_000)], notLate())).toEqual({
      ...nothing,
      paid: [{ invoice_id: 'i', amount: 9_000 }],
      discounts: [{ invoice_id: 'i', amount: 1_000 }],
      charges: [{ about_invoice_id: 'i', late_fee: 200, interest: 100 }],
    })
  })

  it('first pays what is open of a late fee that was charged before; once is once', () => {
    const known = noteOf(['i late_fee'], [note('n', 'i', 150)])
    expect(allocateMoney(money(10_300, 200, 100), [debt('i', 10_000)], known)).toEqual({
      paid: [
        { invoice_id: 'i', amount: 10_000 },
        { invoice_id: 'n', amount: 150 },
      ],
      discounts: [],
      charges: [{ about_invoice_id: 'i', late_fee: 0, interest: 100 }],
      rest: 50,
    })
  })

  it('is credit where late fee and interest were charged and paid before', () => {
    const known = noteOf(['i late_fee', 'i interest'])
    expect(allocateMoney(money(10_300, 200, 100), [debt('i', 10_000)], known)).toMatchObject({
      charges: [],
      rest: 300,
    })
  })

  it('charges nothing of what it did not pay, and nothing of what was not late', () => {
    expect(allocateMoney(money(10_300, 200, 100), [debt('i', 0)], notLate())).toEqual({
      ...nothing,
      rest: 10_300,
    })
    expect(allocateMoney(money(10_300, 200, 100, 0, due), [debt('i', 10_000)], notLate())).toMatchObject({
      charges: [],
      rest: 300,
    })
    const onLateness = { ...notLate(), late: new Set(['i']) }
    expect(allocateMoney(money(103, 2, 1), [debt('i', 100)], onLateness)).toMatchObject({
      charges: [],
      rest: 3,
    })
  })

  it('that is not enough pays the invoice first', () => {
    expect(allocateMoney(money(5_000, 200, 100), [debt('i', 10_000)], notLate())).toEqual({
      ...nothing,
      paid: [{ invoice_id: 'i', amount: 5_000 }],
    })
    expect(allocateMoney(money(5_000, 0, 0, 500), [debt('i', 10_000)], notLate())).toEqual({
      ...nothing,
      paid: [{ invoice_id: 'i', amount: 5_000 }],
      discounts: [{ invoice_id: 'i', amount: 500 }],
    })
  })

  it('of several documents is shared by what each of them is', () => {
    const two = () => [debt('i', 10_000), debt('j', 1_000, late)]
    expect(allocateMoney(money(10_450, 0, 0, 550), two(), notLate())).toMatchObject({
      paid: [
        { invoice_id: 'i', amount: 9_500 },
        { invoice_id: 'j', amount: 950 },
      ],
      discounts: [
        { invoice_id: 'i', amount: 500 },
        { invoice_id: 'j', amount: 50 },
      ],
    })
    // The second was not due yet: its part is given back as credit.
    expect(allocateMoney(money(11_330, 220, 110), two(), notLate())).toMatchObject({
      charges: [{ about_invoice_id: 'i', late_fee: 200, interest: 100 }],
      rest: 30,
    })
  })

  it('adds up whatever was paid and said of it', () => {
    const amount = fc.integer({ min: 0, max: 50_000 })
    const days = fc.constantFrom(day('2026-05-01'), due, late, day('2026-06-01'))
    fc.assert(
      fc.property(
        fc.record({
          amount: fc.integer({ min: 1, max: 200_000 }),
          fee: amount,
          interest: amount,
          off: amount,
        }),
        fc.array(fc.record({ open: amount, due: days, charged: fc.boolean(), late: fc.boolean() }), {
          maxLength: 4,
        }),
        fc.array(fc.record({ about: fc.nat(3), open: amount }), { maxLength: 3 }),
        (paid, documents, noted) => {
          const debts = documents.map((one, index) => debt(`d${index}`, one.open, one.due))
          const before = debts.map((one) => one.open_amount)
          const notes = noted.map((one, index) => note(`n${index}`, `d${one.about}`, one.open))
          const notesBefore = notes.map((one) => one.open_amount)
          const known: Lateness = {
            notes,
            charged: new Set(documents.flatMap((one, index) => (one.charged ? [`d${index} late_fee`] : []))),
            late: new Set(documents.flatMap((one, index) => (one.late ? [`d${index}`] : []))),
          }
          const got = allocateMoney(money(paid.amount, paid.fee, paid.interest, paid.off), debts, known)
          const sum = (rows: { amount: number }[]) => rows.reduce((total, row) => total + row.amount, 0)
          const fees = got.charges.reduce((total, one) => total + one.late_fee, 0)
          const interests = got.charges.reduce((total, one) => total + one.interest, 0)
          expect(sum(got.paid) + fees + interests + got.rest).toBe(paid.amount)
          expect(sum(got.discounts)).toBeLessThanOrEqual(paid.off)
          expect(fees).toBeLessThanOrEqual(paid.fee)
          expect(interests).toBeLessThanOrEqual(paid.interest)
          expect(Math.min(got.rest, ...got.paid.map((one) => one.amount))).toBeGreaterThanOrEqual(0)
          for (const [index, one] of [...debts, ...notes].entries()) {
            const taken =
              sum(got.paid.filter(({ invoice_id }) => invoice_id === one.id)) +
              sum(got.discounts.filter(({ invoice_id }) => invoice_id === one.id))
            expect(one.open_amount).toBe([...before, ...notesBefore][index]! - taken)
            expect(one.open_amount).toBeGreaterThanOrEqual(0)
          }
          // Nothing is credit while something of the documents is owed.
          if (debts.some((one) => one.open_amount > 0)) expect(got.rest + fees + interests).toBe(0)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
