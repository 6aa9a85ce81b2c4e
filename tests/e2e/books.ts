import type { Language } from '../../server/platform/translations.ts'
import { answerCharges, banksOfTests } from '../febraban/banks.ts'
import { until } from '../processes.ts'
import { writeOfx } from '../statements/samples.ts'
import type { Body, Site } from './site.ts'

const operators: Record<
  Language,
  { unit: object; product: string; plan: string; option: string; amount: number; names: string[] }
> = {
  'pt-BR': {
    unit: {
      slug: 'rede-clara',
      name: 'Rede Clara',
      legal_name: 'Rede Clara Telecomunicações Ltda.',
      country: 'BR',
      currency: 'BRL',
      time_zone: 'America/Sao_Paulo',
      payment_methods: ['pix', 'boleto'],
      payment_instructions: 'Pix: 12.345.678/0001-95',
      support_email: 'ajuda@redeclara.example',
      support_phone: '+55 11 4000-1234',
      accent: '#0b7285',
    },
    product: 'Internet',
    plan: 'Fibra 500',
    option: 'IP fixo',
    amount: 11990,
    names: ['Padaria Estrela Ltda.', 'Helena Duarte', 'Oficina do Bairro'],
  },
  es: {
    unit: {
      slug: 'puerto-sur',
      name: 'Puerto Sur',
      legal_name: 'Puerto Sur S.A.',
      country: 'AR',
      currency: 'ARS',
      time_zone: 'America/Argentina/Buenos_Aires',
      payment_methods: ['bank_transfer', 'cash'],
      payment_instructions: 'CBU 0170099220000067797370',
      support_email: 'ayuda@puertosur.example',
      website: 'https://puertosur.example',
      accent: '#7048e8',
    },
    product: 'Hosting',
    plan: 'Sitio Pro',
    option: 'Certificado',
    amount: 2450000,
    names: ['Estudio Lavalle', 'Marta Ibáñez', 'Ferretería Rivadavia'],
  },
  en: {
    unit: {
      slug: 'lumen-desk',
      name: 'Lumen Desk',
      legal_name: 'Lumen Desk Inc.',
      country: 'US',
      currency: 'USD',
      time_zone: 'America/New_York',
      payment_methods: ['card', 'bank_transfer'],
      payment_instructions: 'Wire to account 000123456789, routing 021000021.',
      support_email: 'help@lumendesk.example',
      accent: '#e67700',
    },
    product: 'Desk',
    plan: 'Team',
    option: 'Audit trail',
    amount: 4900,
    names: ['Harbor & Finch', 'Noah Whitfield', 'Cedar Clinic'],
  },
}

/** One business unit with what it sells and three customers, each with a service that began some six weeks ago. */
export type Books = {
  language: Language
  unit: Body
  product: Body
  plan: Body
  accounts: { id: string; email: string; name: string; subscription: Body }[]
  /** The last day of last month. */
  closing_date: string
}

export async function keepBooks({ admin }: Site, language: Language): Promise<Books> {
  const operator = operators[language]
  const unit = await admin.post('/business-units', { ...operator.unit, language, closing_day: 31 })
  const product = await admin.post('/products', { business_unit_id: unit.id, name: operator.product })
  const plan = await admin.post('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: operator.plan,
    kind: 'broadband',
    prices: [{ currency: unit.currency, amount: operator.amount }],
    options: [{ name: operator.option, amount: 990 }],
  })
  const month = Temporal.Now.plainDateISO(unit.time_zone).toPlainYearMonth()
  const accounts = await Promise.all(
    operator.names.map(async (name, index) => {
      const email = `cliente${index}@${unit.slug}.example`
      const account = await admin.post('/accounts', {
        business_unit_id: unit.id,
        name,
        email,
        city: 'Centro',
        language,
      })
      const subscription = await admin.post(`/accounts/${account.id}/subscriptions`, {
        plan_id: plan.id,
        start_date: month.subtract({ months: 1 }).toPlainDate({ day: 11 }),
        options: [{ plan_option_id: plan.options[0].id }],
      })
      return { id: account.id, email, name, subscription }
    }),
  )
  const closing_date = month.toPlainDate({ day: 1 }).subtract({ days: 1 }).toString()
  return { language, unit, product, plan, accounts, closing_date }
}

/** Prepares a closing and waits for its preview. */
export async function prepareClosing({ admin }: Site, unit: string, up_to: string): Promise<Body> {
  const { id } = await admin.post('/closings', { business_unit_id: unit, up_to })
  return waitForClosing({ admin }, id, 'prepared')
}

/** Closes a business unit: every account has its invoice when it returns. */
export async function closeBooks(site: Site, { unit, closing_date }: Books): Promise<Body> {
  const { id } = await prepareClosing(site, unit.id, closing_date)
  await site.admin.post(`/closings/${id}/run`)
  return waitForClosing(site, id, 'done')
}

function waitForClosing({ admin }: Pick<Site, 'admin'>, id: string, state: string): Promise<Body> {
  return until(`the closing is ${state}`, 30, async () => {
    const closing = await admin.get(`/closings/${id}`)
    if (closing.state === 'failed') throw new Error(`the closing failed: ${closing.error}`)
    return closing.state === state && closing
  })
}

/**
 * The books of a business unit where everything has happened that a page can show, and the ids of what happened:
 * invoices overdue, due and paid, payments waiting, approved and refused, services of every state, imports, mails.
 */
export async function keepLivelyBooks(site: Site, books: Books): Promise<Record<string, string>> {
  const { admin } = site
  const { unit, plan } = books
  const [first, second, third] = books.accounts as [
    Books['accounts'][0],
    Books['accounts'][0],
    Books['accounts'][0],
  ]
  const today = Temporal.Now.plainDateISO(unit.time_zone).toString()
  const point = await admin.post('/routing-points', { business_unit_id: unit.id, name: 'POP Centro' })
  const sell = (account: string, change: object) =>
    admin.post(`/accounts/${account}/subscriptions`, {
      plan_id: plan.id,
      routing_point_id: point.id,
      ...change,
    })
  await sell(first.id, { status: 'awaiting_installation' })
  const ended = await sell(first.id, { trial_days: 30 })
  await admin.post(`/subscriptions/${ended.id}/cancel`, { reason: 'Moved away' })
  const paused = await sell(first.id, { discount_kind: 'percent', discount_basis_points: 1250 })
  await admin.post(`/subscriptions/${paused.id}/suspend`, { reason: 'On holiday' })
  await admin.post(`/accounts/${first.id}/contacts`, {
    first_name: 'Sofia',
    last_name: 'Reis',
    email: 'sofia@reis.example',
    topics: ['billing'],
  })
  const done = await closeBooks(site, books)
  const month = Temporal.PlainDate.from(books.closing_date).add({ days: 1 }).toPlainYearMonth()
  await closeBooks(site, { ...books, closing_date: month.toPlainDate({ day: month.daysInMonth }).toString() })

  const customers = await Promise.all(
    [first, second, third].map((one) => site.enter(one.email, books.language)),
  )
  const pay = async (index: number) => {
    const customer = customers[index]!
    const { items } = await customer.get('/invoices?state=open')
    const receipt = new File(['%PDF-1.4'], 'comprovante.pdf', { type: 'application/pdf' })
    const notice = await customer.post('/payment-notices', {
      invoice_ids: [items[0].id],
      amount: items[0].open_amount,
      method: unit.payment_methods[0],
      paid_on: today,
      reference: 'E-20261',
      note: 'Paid at the branch',
      receipt_file_id: (await customer.upload('/receipts', receipt)).file_id,
    })
    return { notice: notice.id as string, invoice: items[0].id as string }
  }
  const approved = await pay(0)
  await admin.post(`/payment-notices/${approved.notice}/approve`, {})
  const rejected = await pay(0)
  await admin.post(`/payment-notices/${rejected.notice}/reject`, {
    reason: 'The receipt is of another month.',
  })
  const waiting = await pay(1)
  await pay(2)

  const table = (rows: string) =>
    new File([`external_id,name,email\n${rows}`], 'customers.csv', { type: 'text/csv' })
  const bring = async (rows: string) =>
    admin.upload('/imports', table(rows), { business_unit_id: unit.id, kind: 'accounts' })
  const spoiled = await bring(
    'C-1,Loja Aurora,loja@aurora.example\nC-2,,nobody\nC-3,Bar do Zé,not an address\n',
  )
  await admin.put(`/imports/${spoiled.id}/mapping`, { mapping: spoiled.mapping })
  await admin.post(`/imports/${spoiled.id}/prepare`)
  await until(
    'the import is prepared',
    30,
    async () => (await admin.get(`/imports/${spoiled.id}`)).state === 'prepared',
  )
  await admin.post(`/imports/${spoiled.id}/run`)
  await until(
    'the import is done',
    30,
    async () => (await admin.get(`/imports/${spoiled.id}`)).state === 'done',
  )
  const uploaded = await bring('C-9,Farmácia Central,farmacia@central.example\n')

  const { bradesco } = banksOfTests
  const way = { name: 'Boleto Bradesco', methods: ['boleto'], settings: bradesco.settings }
  const boletos = await admin.post('/payment-providers', {
    business_unit_id: unit.id,
    driver: 'boleto',
    ...way,
  })
  const takeReturn = async (text: string, state: string) => {
    const file = new File([text], 'RETORNO.RET', { type: 'text/plain' })
    const { id } = await admin.upload('/bank-files', file, { provider_id: boletos.id })
    await until(
      `the return is ${state}`,
      30,
      async () => (await admin.get(`/bank-files/${id}`)).state === state,
    )
    return id as string
  }
  const told = { our_number: bradesco.our_number, movement: '06', amount: 8990, paid: 8990 }
  const bankReturn = await takeReturn(answerCharges('bradesco', [told]), 'read')
  const faultyReturn = await takeReturn(answerCharges('bradesco', [told]).slice(0, 900), 'faulty')

  // A boleto that the bank has to be told of twice; the portal shows no boletos but for that.
  await admin.patch(`/accounts/${third.id}`, { tax_id: '529.982.247-25' })
  await admin.put(`/payment-providers/${boletos.id}`, { ...way, enabled: true })
  const owed = await customers[2]!.get('/invoices?state=open')
  await customers[2]!.post('/payment-intents', {
    provider_id: boletos.id,
    method: 'boleto',
    invoice_ids: [owed.items[0].id],
  })
  const charge = await until('there is a boleto', 30, async () => {
    const { items } = await admin.get(`/bank-charges?account_id=${third.id}`)
    return items[0] as Body | undefined
  })
  await admin.post(`/payment-providers/${boletos.id}/remittances`)
  await until('it is sent', 30, async () => {
    const { state } = await admin.get(`/bank-charges/${charge.id}`)
    return state === 'sent'
  })
  await admin.put(`/bank-charges/${charge.id}/abatement`, { amount: 100 })
  await admin.put(`/payment-providers/${boletos.id}`, { ...way, enabled: false })

  const bankAccount = await admin.post('/bank-accounts', { business_unit_id: unit.id, name: 'Main' })
  const takeStatement = async (name: string, text: string, state: string) => {
    const { id } = await admin.upload('/bank-statements', new File([text], name), {
      business_unit_id: unit.id,
      bank_account_id: bankAccount.id,
    })
    await until(`the statement is ${state}`, 30, async () => {
      const found = await admin.get(`/bank-statements/${id}`)
      return found.state === state && found.lines_matched === found.lines_read
    })
    return id as string
  }
  const movements = writeOfx([
    { day: '2026-05-11', amount: '89.90', id: 'E1', memo: `PIX ${first.name}` },
    { day: '2026-05-11', amount: '-5.00', id: 'E2', memo: 'TARIFA' },
  ])
  const statement = await takeStatement('extrato.ofx', movements, 'ready')
  const cutStatement = await takeStatement('cortado.ofx', movements.slice(0, -40), 'failed')
  const draftStatement = await takeStatement(
    'extrato.csv',
    'Data;Historico;Valor\n11/05/2026;PIX;89,90\n',
    'draft',
  )
  const { items: movementLines } = await admin.get(`/bank-lines?statement_id=${statement}&sort=position`)

  const invited = await admin.post('/staff', {
    email: 'rui@operator.example',
    name: 'Rui Fontes',
    language: 'pt-BR',
    role: 'finance',
    all_units: false,
    units: [unit.id],
  })
  const invitation = await until('the invitation is in the mailbox', 20, async () => {
    const { items } = await admin.get('/notices?kind=staff_invitation')
    return items[0]?.state === 'kept' && items[0]
  })
  const { text_body } = await admin.get(`/notices/${invitation.id}`)
  const mails = await admin.get(`/notices?kind=invoice_issued&account_id=${first.id}`)
  const { items: open } = await customers[0]!.get('/invoices?state=open')
  return {
    unit: unit.id,
    plan: plan.id,
    account: first.id,
    service: first.subscription.id,
    ended_service: ended.id,
    done_closing: done.id,
    invoice: open[0].id,
    paid_invoice: approved.invoice,
    notice: waiting.notice,
    import: uploaded.id,
    done_import: spoiled.id,
    bank_return: bankReturn,
    bank_charge: charge.id,
    statement,
    cut_statement: cutStatement,
    draft_statement: draftStatement,
    bank_line: movementLines[0].id,
    faulty_return: faultyReturn,
    staff: invited.id,
    invitation: /token=([^\s&]+)/.exec(text_body)![1]!,
    mail: mails.items[0].id,
  }
}
