import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createPixDriver, hookUrl } from '../../server/drivers/pix/driver.ts'
import { pixFields, pixSecrets, pixSettings } from '../../server/drivers/pix/settings.ts'
import {
  type ChargeRequest,
  type MovedMoney,
  type Payer,
  type ProviderContext,
  ProviderRefusal,
  ProviderSilence,
  type RefundRequest,
} from '../../server/modules/payments/index.ts'
import { readBrCode } from '../../server/platform/br-code.ts'
import { issueCertificate } from './certificates.ts'
import { type BankFault, type PixBank, startPixBank } from './conformance-server.ts'

type Settings = ReturnType<typeof pixSettings.parse>
type Secrets = ReturnType<typeof pixSecrets.parse>

// Noon in São Paulo on a Friday.
let now = Temporal.Instant.from('2026-05-15T15:00:00Z')
const today = Temporal.PlainDate.from('2026-05-15')
const providerId = '0190a0a0-0000-7000-8000-000000000001'

let bank: PixBank
const driver = createPixDriver()

beforeAll(async () => {
  bank = await startPixBank({ now: () => now })
})
afterAll(async () => {
  driver.close()
  await bank.close()
})
afterEach(() => {
  now = Temporal.Instant.from('2026-05-15T15:00:00Z')
  expect(bank.violations).toEqual([])
  expect(bank.ownFaults).toEqual([])
  expect(bank.faults).toEqual([])
})

const contextOf = (
  settings: Partial<Record<keyof Settings, unknown>> = {},
  secrets: Partial<Secrets> = {},
  of: PixBank = bank,
): ProviderContext<Settings, Secrets> => ({
  provider_id: providerId,
  business_unit_id: randomUUID(),
  settings: pixSettings.parse({ ...of.settings, name: 'Pirilampo Telecom', city: 'São Paulo', ...settings }),
  secrets: pixSecrets.parse({ ...of.secrets, ...secrets }),
  public_url: 'https://portal.pirilampo.example',
  now,
  signal: new AbortController().signal,
  transact: () => Promise.reject(new Error('no table is used')),
})

const helena: Payer = {
  account_id: randomUUID(),
  number: 7,
  name: 'Helena Vasconcelos',
  kind: 'person',
  tax_id: '123.456.789-09',
  email: 'helena@correio.example',
  language: 'pt-BR',
  address: 'Rua das Flores, 12\nApto 3',
  city: 'Curitiba',
  state: 'PR',
  country: 'BR',
  postal_code: '80010-000',
}

const chargeOf = (charge: Partial<ChargeRequest> = {}): ChargeRequest => ({
  key: randomUUID(),
  method: 'pix',
  amount: 12_345,
  currency: 'BRL',
  description: 'Pirilampo: fatura A-123',
  payer: helena,
  invoices: [],
  due_date: null,
  stored_method: null,
  store: false,
  off_session: false,
  return_url: 'https://portal.pirilampo.example/pay/1',
  expires_at: null,
  ...charge,
})
const txid = (key: string) => key.replaceAll('-', '')
const refundOf = (charge: ChargeRequest, e2eid: string, amount: number): RefundRequest => ({
  key: randomUUID(),
  charge: { key: charge.key, ref: `cob/${txid(charge.key)}` },
  payment_ref: e2eid,
  amount,
  whole: false,
  currency: 'BRL',
  reason: 'Cobrado em dobro',
  others: [],
})
const fail = (kind: BankFault['kind'], more: Partial<BankFault> = {}) =>
  bank.faults.push({ match: (_method, path) => path.startsWith('/api/'), kind, ...more })
const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) =>
      error instanceof ProviderRefusal
        ? error.code
        : error instanceof ProviderSilence
          ? 'silence'
          : String(error),
  )

describe('an immediate charge', () => {
  it('is asked for under our key, shown, paid and looked up', async () => {
    const charge = chargeOf()
    const made = await driver.create(contextOf(), charge)
    expect(made).toMatchObject({ state: 'action_needed', ref: `cob/${txid(charge.key)}`, received: [] })
    expect(String(made.expires_at)).toBe('2026-05-16T15:00:00Z')
    const { action } = made
    if (action?.kind !== 'pix') throw new Error('no text')
    expect(readBrCode(action.text)).toMatchObject({ url: bank.charges.get(txid(charge.key))!.loc.location })
    expect(bank.charges.get(txid(charge.key))!.body).toEqual({
      calendario: { expiracao: 86_400 },
      devedor: { cpf: '12345678909', nome: 'Helena Vasconcelos' },
      valor: { original: '123.45' },
      chave: 'pix@pirilampo.example',
      solicitacaoPagador: 'Pirilampo: fatura A-123',
    })
    const { e2eid } = await bank.pay(txid(charge.key))
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: made.ref })).toMatchObject({
      state: 'succeeded',
      received: [{ ref: e2eid, amount: 12_345, at: now }],
      reversed: [],
    })
  })

  it('is the same charge however often it is asked for', async () => {
    const charge = chargeOf()
    const first = await driver.create(contextOf(), charge)
    expect(await driver.create(contextOf(), charge)).toEqual(first)
    expect(bank.charges.get(txid(charge.key))!.revisao).toBe(0)
  })

  it('is over some time after its end, and late money is told all the same', async () => {
    const charge = chargeOf({ expires_at: now.add({ minutes: 30 }) })
    await driver.create(contextOf(), charge)
    now = now.add({ minutes: 31 })
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'action_needed',
    })
    now = now.add({ minutes: 5 })
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'expired',
    })
    await bank.pay(txid(charge.key))
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'succeeded',
    })
  })

  it('takes the money of somebody without a CPF, and of a company', async () => {
    const foreign = chargeOf({
      payer: { ...helena, tax_id: 'X-1', country: 'PT' },
      due_date: today.add({ days: 5 }),
    })
    expect((await driver.create(contextOf(), foreign)).ref).toMatch(/^cob\//)
    expect(bank.charges.get(txid(foreign.key))!.body.devedor).toBeUndefined()
    const company = chargeOf({ payer: { ...helena, kind: 'company', tax_id: '12.345.678/0001-95' } })
    await driver.create(contextOf(), company)
    expect(bank.charges.get(txid(company.key))!.body.devedor).toMatchObject({ cnpj: '12345678000195' })
  })

  it('paid twice is told twice', async () => {
    const charge = chargeOf({ amount: 1 })
    await driver.create(contextOf(), charge)
    await bank.pay(txid(charge.key))
    await bank.pay(txid(charge.key), { twice: true, amount: 1 })
    const { received } = await driver.lookUp(contextOf(), { key: charge.key, ref: null })
    expect(received.map(({ amount }) => amount)).toEqual([1, 1])
    expect(new Set(received.map(({ ref }) => ref)).size).toBe(2)
  })

  it('can be taken back, unless it was paid', async () => {
    const charge = chargeOf()
    await driver.create(contextOf(), charge)
    expect(await driver.cancel!(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'cancelled',
    })
    expect(await driver.cancel!(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'cancelled',
    })
    const paid = chargeOf()
    const { ref } = await driver.create(contextOf(), paid)
    await bank.pay(txid(paid.key))
    expect(await driver.cancel!(contextOf(), { key: paid.key, ref })).toMatchObject({ state: 'succeeded' })
    expect(await driver.cancel!(contextOf(), { key: randomUUID(), ref: null })).toMatchObject({
      state: 'cancelled',
    })
  })

  it('is unknown to the bank where it never got there', async () => {
    expect(await driver.lookUp(contextOf(), { key: randomUUID(), ref: null })).toMatchObject({
      state: 'absent',
      ref: null,
    })
  })

  it('has a text of its own making where the bank gives none', async () => {
    const silent = await startPixBank({ now: () => now, withoutText: true })
    try {
      const charge = chargeOf()
      const { action } = await driver.create(contextOf({}, {}, silent), charge)
      if (action?.kind !== 'pix') throw new Error('no text')
      expect(readBrCode(action.text)).toEqual({
        key: null,
        url: silent.charges.get(txid(charge.key))!.loc.location,
        recurrence_url: null,
        info: null,
        amount: null,
        name: 'Pirilampo Telecom',
        city: 'Sao Paulo',
        postal_code: null,
        txid: null,
        once: true,
      })
      expect(silent.violations).toEqual([])
      expect(silent.ownFaults).toEqual([])
    } finally {
      await silent.close()
    }
  })
})

describe('a charge with a due date', () => {
  const terms = {
    fine_percent: '2',
    interest_percent: '1,5',
    discount_percent: '5,00 %',
    discount_days: '3',
    rebate_percent: '',
    days_after_due: 60,
  }

  it('says who owes, and what is added after its day and taken off before', async () => {
    const charge = chargeOf({ due_date: today.add({ days: 10 }), amount: 10_000 })
    const made = await driver.create(contextOf(terms), charge)
    expect(made).toMatchObject({
      state: 'action_needed',
      ref: `cobv/${txid(charge.key)}`,
      action: { kind: 'pix' },
    })
    // The day after the last one, at midnight in Brasília.
    expect(String(made.expires_at)).toBe('2026-07-25T03:00:00Z')
    expect(bank.charges.get(txid(charge.key))!.body).toEqual({
      calendario: { dataDeVencimento: '2026-05-25', validadeAposVencimento: 60 },
      devedor: {
        cpf: '12345678909',
        nome: 'Helena Vasconcelos',
        email: 'helena@correio.example',
        logradouro: 'Rua das Flores, 12 Apto 3',
        cidade: 'Curitiba',
        uf: 'PR',
        cep: '80010000',
      },
      valor: {
        original: '100.00',
        multa: { modalidade: 2, valorPerc: '2.00' },
        juros: { modalidade: 3, valorPerc: '1.50' },
        desconto: { modalidade: 2, descontoDataFixa: [{ data: '2026-05-22', valorPerc: '5.00' }] },
      },
      chave: 'pix@pirilampo.example',
      solicitacaoPagador: 'Pirilampo: fatura A-123',
    })
  })

  const none = { late_fee: 0, interest: 0, discount: 0 }
  it.each([
    ['early, with the discount', 0, {}, 9_500, { ...none, discount: 500 }],
    ['on its day', 10, {}, 10_000, undefined],
    ['twenty days late, with fine and interest', 30, {}, 10_300, { ...none, late_fee: 200, interest: 100 }],
    ['early and abated', 0, { rebate_percent: '10' }, 8_500, { ...none, discount: 1_500 }],
    [
      'late and abated',
      30,
      { rebate_percent: '10' },
      9_300,
      { late_fee: 200, interest: 100, discount: 1_000 },
    ],
  ])('is paid %s, and told what that is made of', async (_when, days, more, amount, adjusted) => {
    const charge = chargeOf({ due_date: today.add({ days: 10 }), amount: 10_000 })
    await driver.create(contextOf({ ...terms, ...more }), charge)
    await bank.pay(txid(charge.key), { at: now.add({ hours: 24 * days }) })
    const { received } = await driver.lookUp(contextOf(terms), { key: charge.key, ref: null })
    expect(received.map((money) => [money.amount, money.adjusted])).toEqual([[amount, adjusted]])
  })

  it('is just money where the bank does not say what it is made of, or what does not add up', async () => {
    const charge = chargeOf({ due_date: today.add({ days: 10 }), amount: 10_000 })
    await driver.create(contextOf(terms), charge)
    const { e2eid } = await bank.pay(txid(charge.key), { at: now.add({ hours: 24 * 30 }) })
    const pix = bank.received.get(e2eid)!
    const read = async (componentesValor: unknown) => {
      pix.componentesValor = componentesValor
      const { received } = await driver.lookUp(contextOf(terms), { key: charge.key, ref: null })
      bank.ownFaults.length = 0
      return received
    }
    const original = { valor: '100.00' }
    const wrong: unknown[] = [
      undefined,
      null,
      'multa',
      { original },
      { multa: { valor: '3.00' } },
      { original, multa: { valor: '2.00' } },
      { original, multa: { valor: 3 } },
      { original, multa: { valor: '-3.00' }, juros: { valor: '6.00' } },
      { original, multa: { valor: '2.00' }, saque: { valor: '1.00' } },
    ]
    for (const parts of wrong)
      expect(await read(parts)).toEqual([{ ref: e2eid, amount: 10_300, at: now.add({ hours: 24 * 30 }) }])
    expect((await read({ original, multa: { valor: '3.00' } }))[0]!.adjusted).toEqual({
      ...none,
      late_fee: 300,
    })
  })

  it('is an immediate one where the day is past: the bank takes no other', async () => {
    const charge = chargeOf({ due_date: today.subtract({ days: 1 }) })
    expect((await driver.create(contextOf(terms), charge)).ref).toMatch(/^cob\//)
    // It is still the fifteenth in São Paulo when it is the sixteenth in Greenwich.
    now = Temporal.Instant.from('2026-05-16T02:00:00Z')
    expect((await driver.create(contextOf(terms), chargeOf({ due_date: today }))).ref).toMatch(/^cobv\//)
  })

  it('has a rebate, and no discount whose day is past', async () => {
    const charge = chargeOf({ due_date: today.add({ days: 1 }), amount: 10_000 })
    await driver.create(contextOf({ ...terms, rebate_percent: '10' }), charge)
    expect(bank.charges.get(txid(charge.key))!.body.valor).toMatchObject({
      abatimento: { modalidade: 2, valorPerc: '10.00' },
    })
    expect(bank.charges.get(txid(charge.key))!.body.valor).not.toHaveProperty('desconto')
    expect((await bank.pay(txid(charge.key))).amount).toBe(9_000)
  })

  it('is over when no holiday could have moved its last day', async () => {
    const charge = chargeOf({ due_date: today })
    await driver.create(contextOf({ days_after_due: 0 }), charge)
    now = now.add({ hours: 24 * 6 })
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'action_needed',
    })
    now = now.add({ hours: 24 })
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'expired',
    })
  })
})

describe('money that goes back', () => {
  const paid = async (amount = 10_000) => {
    const charge = chargeOf({ amount })
    await driver.create(contextOf(), charge)
    return { charge, ...(await bank.pay(txid(charge.key))) }
  }

  it('is asked for under the key of the reversal, waits, and is done', async () => {
    const { charge, e2eid } = await paid()
    const refund = refundOf(charge, e2eid, 4_000)
    expect(await driver.lookUpRefund!(contextOf(), { ...refund, ref: null })).toEqual({ state: 'absent' })
    const asked = await driver.refund!(contextOf(), refund)
    expect(asked).toMatchObject({ state: 'pending', ref: expect.stringMatching(/^D\w{31}$/) })
    expect(await driver.refund!(contextOf(), refund)).toEqual(asked)
    await bank.settleReturn(e2eid, 'DEVOLVIDO')
    const done = await driver.lookUpRefund!(contextOf(), { ...refund, ref: null })
    expect(done).toEqual({ ...asked, state: 'done' })
    const { reversed, state } = await driver.lookUp(contextOf(), { key: charge.key, ref: null })
    expect(state).toBe('succeeded')
    if (done.state !== 'done') throw new Error('not done')
    expect(reversed).toEqual([
      { ref: done.ref, kind: 'refund', amount: 4_000, at: now, key: refund.key, payment_ref: e2eid },
    ])
  })

  it('is refused beyond what came in, or by the bank later', async () => {
    const { charge, e2eid } = await paid()
    expect(await driver.refund!(contextOf(), refundOf(charge, e2eid, 10_001))).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('ultrapassa'),
    })
    const refund = refundOf(charge, e2eid, 10_000)
    await driver.refund!(contextOf(), refund)
    await bank.settleReturn(e2eid, 'NAO_REALIZADO', 'Conta encerrada')
    expect(await driver.lookUpRefund!(contextOf(), { ...refund, ref: null })).toEqual({
      state: 'failed',
      detail: 'Conta encerrada',
    })
    expect((await driver.lookUp(contextOf(), { key: charge.key, ref: null })).reversed).toEqual([])
  })

  it('taken by the payer’s bank is a chargeback', async () => {
    const { charge, e2eid } = await paid()
    await bank.takeBack(e2eid, 10_000)
    expect((await driver.lookUp(contextOf(), { key: charge.key, ref: null })).reversed).toMatchObject([
      { kind: 'chargeback', amount: 10_000, key: null, payment_ref: e2eid },
    ])
  })

  it('whose answer was lost is found, and sent once', async () => {
    const { charge, e2eid } = await paid()
    const refund = refundOf(charge, e2eid, 2_500)
    fail('broken')
    expect(await codeOf(driver.refund!(contextOf(), refund))).toBe('silence')
    expect(await driver.lookUpRefund!(contextOf(), { ...refund, ref: null })).toMatchObject({
      state: 'pending',
    })
    expect(bank.received.get(e2eid)!.devolucoes).toHaveLength(1)
  })
})

describe('an answer that does not come', () => {
  it.each(['lost', 'error', 'broken', 'garbage'] as const)(
    'is silence (%s), and what was done is found',
    async (kind) => {
      const charge = chargeOf()
      fail(kind, kind === 'lost' ? {} : {})
      const limit = new AbortController()
      if (kind === 'lost') setTimeout(() => limit.abort(), 300)
      expect(await codeOf(driver.create({ ...contextOf(), signal: limit.signal }, charge))).toBe('silence')
      const stands = await driver.lookUp(contextOf(), { key: charge.key, ref: null })
      expect(stands.state).toBe(kind === 'lost' || kind === 'error' ? 'absent' : 'action_needed')
    },
  )

  it('after our time-out was a charge all the same: asked again, it is the same one', async () => {
    const charge = chargeOf()
    fail('late', { ms: 800 })
    const limit = new AbortController()
    setTimeout(() => limit.abort(), 150)
    expect(await codeOf(driver.create({ ...contextOf(), signal: limit.signal }, charge))).toBe('silence')
    expect(await driver.lookUp(contextOf(), { key: charge.key, ref: null })).toMatchObject({
      state: 'action_needed',
    })
    await driver.create(contextOf(), charge)
    expect([...bank.charges.values()].filter((one) => one.txid === txid(charge.key))).toHaveLength(1)
  })

  it('sent again on another day, after it was paid, finds the money instead of a second charge', async () => {
    const charge = chargeOf({ due_date: today })
    await driver.create(contextOf(), charge)
    await bank.pay(txid(charge.key))
    now = now.add({ hours: 48 })
    expect(await driver.create(contextOf(), charge)).toMatchObject({
      state: 'succeeded',
      ref: `cobv/${txid(charge.key)}`,
    })
  })
})

describe('many charges with random faults', () => {
  it('stand here as they stand at the bank, to the cent, and none is there twice', async () => {
    let seed = 20_260_515
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
      return (seed >> 8) % below
    }
    const kinds = ['error', 'broken', 'garbage', 'unauthorised'] as const
    const maybeFail = () => {
      if (random(3) === 0) fail(kinds[random(kinds.length)]!)
    }
    /** As the house does it: after silence it asks, and sends again only what is absent. */
    async function insist<T>(
      send: () => Promise<T>,
      ask: () => Promise<T>,
      isAbsent: (answer: T) => boolean,
    ): Promise<T> {
      let known: T | null = null
      for (let n = 0; n < 50; n++) {
        maybeFail()
        try {
          if (known !== null && !isAbsent(known)) return known
          known = await (n % 2 === 0 ? send() : ask())
        } catch (error) {
          if (!(error instanceof ProviderSilence)) throw error
        } finally {
          bank.faults.length = 0
        }
      }
      throw new Error('the bank never answers')
    }
    const before = bank.charges.size
    const charges: ChargeRequest[] = []
    for (let n = 0; n < 60; n++) {
      const due = random(2) === 0 ? null : today.add({ days: random(20) })
      const charge = chargeOf({ amount: 1 + random(1_000_000), due_date: due })
      charges.push(charge)
      await insist(
        () => driver.create(contextOf(), charge),
        () => driver.lookUp(contextOf(), { key: charge.key, ref: null }),
        ({ state }) => state === 'absent',
      )
      if (random(4) === 0) continue
      const { e2eid, amount } = await bank.pay(txid(charge.key), { quiet: true })
      if (random(5) === 0) await bank.pay(txid(charge.key), { twice: true, quiet: true })
      if (random(3) === 0) {
        const refund = refundOf(charge, e2eid, 1 + random(amount))
        await insist(
          () => driver.refund!(contextOf(), refund),
          () => driver.lookUpRefund!(contextOf(), { ...refund, ref: null }),
          ({ state }) => state === 'absent',
        )
        await bank.settleReturn(e2eid, random(4) === 0 ? 'NAO_REALIZADO' : 'DEVOLVIDO')
      }
    }
    expect(bank.charges.size - before).toBe(charges.length)
    const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
    const cents = (valor: unknown) => Number(String(valor).replace('.', ''))
    for (const charge of charges) {
      const stands = await driver.lookUp(contextOf(), { key: charge.key, ref: null })
      const { pix } = bank.charges.get(txid(charge.key))!
      expect(sum(stands.received.map(({ amount }) => amount))).toBe(sum(pix.map(({ valor }) => cents(valor))))
      const back = pix.flatMap(({ devolucoes }) => (devolucoes ?? []) as { valor: string; status: string }[])
      const done = back.filter(({ status }) => status === 'DEVOLVIDO')
      expect(sum(stands.reversed.map(({ amount }) => amount))).toBe(
        sum(done.map(({ valor }) => cents(valor))),
      )
      expect(back.length).toBeLessThanOrEqual(1)
    }
  })
})

describe('the way in', () => {
  it('keeps its token until it ends, and gets one anew once where it is not taken', async () => {
    const counted = () => bank.calls.length
    bank.forgetTokens()
    const before = counted()
    await driver.lookUp(contextOf(), { key: randomUUID(), ref: `cob/${txid(randomUUID())}` })
    // The first with the old token, the second with the new one.
    expect(counted() - before).toBe(2)
    fail('unauthorised')
    fail('unauthorised')
    expect(await codeOf(driver.lookUp(contextOf(), { key: randomUUID(), ref: null }))).toBe(
      'pix_access_denied',
    )
  })

  it('is closed to a wrong secret, and to another certificate', async () => {
    expect(await codeOf(driver.test(contextOf({}, { client_secret: 'wrong' })))).toBe('pix_login_refused')
    const { certificate, private_key } = bank.secrets
    const own = issueCertificate(bank.clientAuthority, 'another')
    expect(await codeOf(driver.test(contextOf({}, { certificate, private_key: own.key })))).toBe(
      'pix_certificate_invalid',
    )
    const ended = issueCertificate(bank.clientAuthority, 'old', { until: now.subtract({ hours: 1 }) })
    expect(
      await codeOf(driver.test(contextOf({}, { certificate: ended.certificate, private_key: ended.key }))),
    ).toBe('pix_certificate_expired')
    const stranger = await startPixBank()
    const shown = { certificate: stranger.secrets.certificate, private_key: stranger.secrets.private_key }
    const refused = await codeOf(driver.test(contextOf({}, shown)))
    expect(['pix_certificate_refused', 'silence']).toContain(refused)
    // A bank that is not the one whose authority we trust hears nothing of us.
    expect(await codeOf(driver.test(contextOf({}, { ca: stranger.secrets.ca })))).toBe(
      'pix_certificate_refused',
    )
    await stranger.close()
    expect(await codeOf(driver.test(contextOf({}, { certificate, private_key })))).toBe('nothing')
  })

  it('is silent where nobody answers', async () => {
    const gone = await startPixBank()
    await gone.close()
    expect(await codeOf(driver.test(contextOf({}, {}, gone)))).toBe('silence')
  })

  it('tells settings that the bank refuses', async () => {
    expect(await codeOf(driver.create(contextOf({ key: 'other@pirilampo.example' }), chargeOf()))).toBe(
      'pix_charge_invalid',
    )
    expect(await codeOf(driver.test(contextOf({ key: 'other@pirilampo.example' })))).toBe(
      'pix_webhook_refused',
    )
  })

  it('says of a refusal nothing of the payer', async () => {
    const refused = await driver
      .create(contextOf({ key: 'other@pirilampo.example' }), chargeOf())
      .catch((error: unknown) => error)
    expect(String(refused)).toContain('A chave não pertence')
    expect(String(refused)).not.toContain('12345678909')
  })
})

describe('the webhook', () => {
  const callOf = (url: string, body: unknown, headers: Record<string, string> = {}) => ({
    headers,
    query: Object.fromEntries(new URL(url).searchParams),
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  })

  it('is set by the test, and only means: go and look', async () => {
    const context = contextOf()
    await driver.test(context)
    expect(bank.webhook?.url).toBe(hookUrl(context))
    const charge = chargeOf()
    await driver.create(context, charge)
    const { e2eid } = await bank.pay(txid(charge.key), { quiet: true })
    const body = {
      pix: [
        bank.received.get(e2eid),
        { ...bank.received.get(e2eid), endToEndId: 'E2' },
        { endToEndId: 'E3', txid: 'A123' },
      ],
    }
    for (const url of [`${bank.webhook!.url}/pix`, bank.webhook!.url, `${bank.webhook!.url}/pix/`])
      expect((await driver.readHook!(context, callOf(url, body)))?.about).toEqual([{ key: charge.key }])
    const once = await driver.readHook!(context, callOf(bank.webhook!.url, body))
    expect(await driver.readHook!(context, callOf(bank.webhook!.url, body))).toEqual(once)
  })

  it('is taken from nobody else', async () => {
    const context = contextOf()
    const body = { pix: [] }
    expect(await driver.readHook!(context, callOf('https://x.example/?token=wrong', body))).toBeNull()
    expect(await driver.readHook!(context, callOf('https://x.example/', body))).toBeNull()
    const other = { ...context, provider_id: randomUUID() }
    expect(await driver.readHook!(context, callOf(hookUrl(other), body))).toBeNull()
    const rotated = contextOf({}, { client_secret: 'another' })
    expect(await driver.readHook!(rotated, callOf(hookUrl(context), body))).toBeNull()
  })

  it('is the bank’s by its certificate, too, where the proxy asks for one', async () => {
    const context = contextOf({ webhook_proof: 'token_and_certificate' })
    const url = hookUrl(context)
    expect(await driver.readHook!(context, callOf(url, { pix: [] }))).toBeNull()
    expect(
      await driver.readHook!(context, callOf(url, { pix: [] }, { 'x-ssl-client-verify': 'FAILED' })),
    ).toBeNull()
    const proven = callOf(url, { pix: [] }, { 'x-ssl-client-verify': 'SUCCESS' })
    expect(await driver.readHook!(context, proven)).toMatchObject({ about: [] })
  })

  it.each(['', '{', '[]', '{"evento":"teste_webhook"}', '{"pix":"x"}'])(
    'takes a trial call: %s',
    async (body) => {
      const context = contextOf()
      expect(await driver.readHook!(context, callOf(hookUrl(context), body))).toMatchObject({ about: [] })
    },
  )

  it('is left alone where staff want none', async () => {
    const quiet = await startPixBank({ now: () => now })
    await driver.test(contextOf({ no_webhook: true }, {}, quiet))
    expect(quiet.webhook).toBeNull()
    await quiet.close()
  })
})

describe('what came in', () => {
  it('is listed page by page, of charges of ours alone', async () => {
    const [from] = [now.add({ hours: 1 })]
    now = from
    const keys: string[] = []
    for (let n = 0; n < 5; n++) {
      const charge = chargeOf()
      keys.push(charge.key)
      await driver.create(contextOf(), charge)
      await bank.pay(txid(charge.key), { quiet: true })
    }
    const list = async (until: Temporal.Instant) => {
      const found: (string | undefined)[] = []
      // What went back of earlier Pix is listed as well.
      for await (const { key, money_ref } of driver.listReceived!(contextOf(), from, until))
        if (money_ref?.startsWith('E')) found.push(key)
      return found
    }
    expect(await list(now)).toEqual(keys)
    const asked = bank.calls.at(-1)!
    expect(asked.query).toContain('paginacao.itensPorPagina=500')
    for (let n = 0; n < 1_100; n++)
      bank.received.set(`E${n}`, {
        endToEndId: `E${String(n).padStart(31, '0')}`,
        txid: txid(randomUUID()),
        valor: '1.00',
        horario: String(now),
      })
    expect(await list(now)).toHaveLength(1_105)
    for (const id of bank.received.keys()) if (id.length < 32) bank.received.delete(id)
  })
})

describe('what went back', () => {
  it('is listed with the Pix that it is of, however long ago that came', async () => {
    const context = contextOf()
    const paid = async (days: number) => {
      now = Temporal.Instant.from('2026-05-15T15:00:00Z').subtract({ hours: 24 * days })
      const charge = chargeOf()
      await driver.create(contextOf(), charge)
      const { e2eid } = await bank.pay(txid(charge.key), { quiet: true })
      now = Temporal.Instant.from('2026-05-15T15:00:00Z')
      return { ...charge, e2eid }
    }
    const refOf = (e2eid: string) =>
      (bank.received.get(e2eid)!.devolucoes as { rtrId: string }[]).at(-1)!.rtrId
    const [fresh, weeksAgo, oldest, waiting, kept] = [
      await paid(1),
      await paid(40),
      await paid(89),
      await paid(2),
      await paid(30),
    ]
    for (const { e2eid } of [fresh, weeksAgo, oldest]) await bank.takeBack(e2eid, 12_345, { quiet: true })
    // On its way, it has not gone back.
    await driver.refund!(context, refundOf(waiting, waiting.e2eid, 1_000))
    const found: MovedMoney[] = []
    for await (const one of driver.listReceived!(context, now.subtract({ hours: 72 }), now))
      if ([fresh, weeksAgo, oldest, waiting, kept].some(({ key }) => key === one.key)) found.push(one)
    expect(found.map(({ key, money_ref }) => `${key} ${money_ref}`).toSorted()).toEqual(
      [
        `${fresh.key} ${fresh.e2eid}`,
        `${fresh.key} ${refOf(fresh.e2eid)}`,
        `${weeksAgo.key} ${refOf(weeksAgo.e2eid)}`,
        `${oldest.key} ${refOf(oldest.e2eid)}`,
        `${waiting.key} ${waiting.e2eid}`,
      ].toSorted(),
    )
    await bank.settleReturn(waiting.e2eid, 'NAO_REALIZADO')
  })
})

describe('the form', () => {
  it('accepts what it made of what was typed', () => {
    const settings = contextOf({ fine_percent: '2,5', webhook_proof: '' }).settings
    expect(settings).toMatchObject({
      fine_percent: '2.50',
      city: 'Sao Paulo',
      no_webhook: false,
      webhook_proof: 'token',
    })
    expect(pixSettings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })
  it('has a field for everything, and refuses what cannot be', () => {
    expect(pixFields.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(pixSettings.shape), ...Object.keys(pixSecrets.shape)].toSorted(),
    )
    const faults = (settings: object) =>
      pixSettings
        .safeParse({ ...bank.settings, ...settings })
        .error?.issues.map(({ path }) => path.join('.')) ?? []
    expect(faults({ api_url: 'http://bank.example' })).toEqual(['api_url'])
    expect(faults({ key: '11111111111' })).toEqual(['key'])
    expect(faults({ fine_percent: '100' })).toEqual(['fine_percent'])
    expect(faults({ expires_hours: 0 })).toEqual(['expires_hours'])
    expect(pixSecrets.safeParse({ ...bank.secrets, certificate: 'x' }).success).toBe(false)
    expect(pixSecrets.safeParse({ ...bank.secrets, ca: '' }).success).toBe(true)
  })
})
