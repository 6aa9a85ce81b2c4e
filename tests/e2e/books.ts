import type { Language } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
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
