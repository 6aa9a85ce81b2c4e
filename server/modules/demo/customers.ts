// The customers who can be signed in as: written by hand, so that each shows something.
import type {
  AccountKind,
  LanguageCode,
  MembershipPermission,
  PaymentMethod,
} from '../../platform/database.gen.ts'
import type { UnitSlug } from './operator.ts'

export type FixedSubscription = {
  plan: string
  /** Months before today on which it began. */
  months: number
  options?: {
    name: string
    quantity?: number /** Days before today from which it is charged. */
    since?: number
  }[]
  percentOff?: number
  amountOff?: number
  /** Was suspended at the customer's wish, so many days ago and for so many days. */
  paused?: { ago: number; days: number; reason: string }
}

export type FixedAccount = {
  key: string
  unit: UnitSlug
  kind: AccountKind
  name: string
  email: string
  phone: string
  address: string
  city: string
  state: string
  country: string
  postal_code: string
  payment_method: PaymentMethod
  due_day: number
  rank: 'A' | 'B' | 'C' | null
  contacts: { first_name: string; last_name: string; email: string; title: string | null; phone: string }[]
  subscriptions: FixedSubscription[]
  notes: string | null
}

const renato = {
  first_name: 'Renato',
  last_name: 'Siqueira',
  email: 'renato@estreladobutanta.example',
  title: 'Sócio',
  phone: '+55 11 98412-0377',
}

export const fixedAccounts: readonly FixedAccount[] = [
  {
    key: 'helena',
    unit: 'pirilampo',
    kind: 'person',
    name: 'Helena Prado Vasconcelos',
    email: 'helena.vasconcelos@correio.example',
    phone: '+55 11 99127-4408',
    address: 'Rua Harmonia, 742, ap. 31 – Vila Madalena',
    city: 'São Paulo',
    state: 'SP',
    country: 'BR',
    postal_code: '05435-000',
    payment_method: 'pix',
    due_day: 25,
    rank: null,
    contacts: [
      {
        first_name: 'Helena',
        last_name: 'Prado Vasconcelos',
        email: 'helena.vasconcelos@correio.example',
        title: null,
        phone: '+55 11 99127-4408',
      },
    ],
    subscriptions: [
      {
        plan: 'Fibra 600',
        months: 19,
        options: [{ name: 'Roteador Wi-Fi 6 em comodato' }, { name: 'Ponto Wi-Fi adicional', since: 47 }],
        percentOff: 1000,
        paused: { ago: 140, days: 18, reason: 'Viagem: pedido da cliente' },
      },
    ],
    notes: 'Indicou três vizinhos do prédio. Desconto de 10% enquanto for cliente.',
  },
  {
    key: 'padaria',
    unit: 'pirilampo',
    kind: 'company',
    name: 'Padaria Estrela do Butantã Ltda.',
    email: 'financeiro@estreladobutanta.example',
    phone: '+55 11 3726-5590',
    address: 'Rua Camargo, 415 – Butantã',
    city: 'São Paulo',
    state: 'SP',
    country: 'BR',
    postal_code: '05510-000',
    payment_method: 'boleto',
    due_day: 10,
    rank: 'B',
    contacts: [
      renato,
      {
        first_name: 'Camila',
        last_name: 'Duarte',
        email: 'camila@duartecontabil.example',
        title: 'Contadora',
        phone: '+55 11 97330-1182',
      },
    ],
    subscriptions: [
      {
        plan: 'Empresa 500',
        months: 23,
        options: [{ name: 'IP fixo' }, { name: 'Wi-Fi para visitantes', since: 130 }],
      },
      { plan: 'E-mail profissional', months: 14 },
      { plan: 'Ponto adicional', months: 6 },
    ],
    notes: 'Abre às 5h: reparos, de preferência, depois das 14h.',
  },
  {
    key: 'emporio',
    unit: 'pirilampo',
    kind: 'company',
    name: 'Empório Siqueira Comércio de Alimentos Ltda.',
    email: 'contato@emporiosiqueira.example',
    phone: '+55 11 3726-6104',
    address: 'Rua Alvarenga, 1290 – Butantã',
    city: 'São Paulo',
    state: 'SP',
    country: 'BR',
    postal_code: '05509-002',
    payment_method: 'pix',
    due_day: 20,
    rank: 'B',
    contacts: [renato],
    subscriptions: [{ plan: 'Empresa 1 Giga', months: 8, amountOff: 4000 }],
    notes: null,
  },
  {
    key: 'echeverria',
    unit: 'jacaranda',
    kind: 'company',
    name: 'Estudio Echeverría Arquitectos S.R.L.',
    email: 'administracion@estudioecheverria.example',
    phone: '+54 11 4831-2296',
    address: 'Gorriti 4512, piso 2',
    city: 'Buenos Aires',
    state: 'CABA',
    country: 'AR',
    postal_code: '1425',
    payment_method: 'bank_transfer',
    due_day: 20,
    rank: 'A',
    contacts: [
      {
        first_name: 'Martín',
        last_name: 'Echeverría',
        email: 'martin@estudioecheverria.example',
        title: 'Socio gerente',
        phone: '+54 9 11 5138-7740',
      },
      {
        first_name: 'Noelia',
        last_name: 'Ponce',
        email: 'noelia@estudioecheverria.example',
        title: 'Administración',
        phone: '+54 11 4831-2296',
      },
    ],
    subscriptions: [
      {
        plan: 'Hosting Emprendedor',
        months: 22,
        options: [{ name: 'Certificado SSL' }, { name: 'Copia de seguridad diaria', since: 95 }],
      },
      { plan: 'Dominio .com.ar', months: 22 },
      { plan: 'Correo Profesional', months: 9 },
    ],
    notes: 'Pagan por transferencia y avisan siempre con comprobante.',
  },
  {
    key: 'lucia',
    unit: 'jacaranda',
    kind: 'person',
    name: 'Lucía Fernández Oliva',
    email: 'lucia.fernandez@buzon.example',
    phone: '+54 9 341 587-2203',
    address: 'San Lorenzo 1840, 4.º A',
    city: 'Rosario',
    state: 'Santa Fe',
    country: 'AR',
    postal_code: '2000',
    payment_method: 'card',
    due_day: 10,
    rank: null,
    contacts: [
      {
        first_name: 'Lucía',
        last_name: 'Fernández Oliva',
        email: 'lucia.fernandez@buzon.example',
        title: null,
        phone: '+54 9 341 587-2203',
      },
    ],
    subscriptions: [
      {
        plan: 'Hosting Agencia',
        months: 12,
        options: [{ name: 'Panel con tu marca', since: 200 }],
        percentOff: 1500,
      },
      { plan: 'VPS 4 GB', months: 3, options: [{ name: 'Instantánea semanal' }] },
    ],
    notes: null,
  },
  {
    key: 'cascade',
    unit: 'tallybird',
    kind: 'company',
    name: 'Cascade Ridge Outfitters, LLC',
    email: 'accounts@cascaderidge.example',
    phone: '+1 503-555-0171',
    address: '2218 SE Division St',
    city: 'Portland',
    state: 'OR',
    country: 'US',
    postal_code: '97202',
    payment_method: 'bank_transfer',
    due_day: 25,
    rank: 'A',
    contacts: [
      {
        first_name: 'Priya',
        last_name: 'Raman',
        email: 'priya@cascaderidge.example',
        title: 'Operations manager',
        phone: '+1 503-555-0171',
      },
    ],
    subscriptions: [
      {
        plan: 'Inventory Business',
        months: 17,
        options: [{ name: 'Purchase planning' }, { name: 'Multi-warehouse transfers', since: 64 }],
      },
      { plan: 'Register', months: 11 },
      { plan: 'Priority support', months: 5 },
    ],
    notes: 'Three stores and a warehouse in Gresham. Renewal talk every September.',
  },
  {
    key: 'fletcher',
    unit: 'tallybird',
    kind: 'company',
    name: 'Fletcher & Daughters Bookshop Ltd',
    email: 'shop@fletcherdaughters.example',
    phone: '+44 117 496 0382',
    address: '31 Corn Street',
    city: 'Bristol',
    state: 'England',
    country: 'GB',
    postal_code: 'BS1 1HT',
    payment_method: 'card',
    due_day: 25,
    rank: 'C',
    contacts: [
      {
        first_name: 'Owen',
        last_name: 'Fletcher',
        email: 'owen@fletcherdaughters.example',
        title: 'Owner',
        phone: '+44 117 496 0382',
      },
    ],
    subscriptions: [
      { plan: 'Inventory Team', months: 10, options: [{ name: 'Barcode labels' }] },
      { plan: 'Register', months: 4, percentOff: 2000 },
    ],
    notes: null,
  },
]

/** What the owner of an account may do there. */
export const everything: MembershipPermission[] = [
  'owner',
  'billing',
  'services',
  'support',
  'licences',
  'users',
]

export type DemoCustomer = {
  name: string
  email: string
  language: LanguageCode
  accounts: { key: string; permissions: MembershipPermission[] }[]
}

export const demoCustomers: readonly DemoCustomer[] = [
  {
    name: 'Helena Prado Vasconcelos',
    email: 'helena.vasconcelos@correio.example',
    language: 'pt-BR',
    accounts: [{ key: 'helena', permissions: everything }],
  },
  {
    name: 'Renato Siqueira',
    email: renato.email,
    language: 'pt-BR',
    accounts: [
      { key: 'padaria', permissions: everything },
      { key: 'emporio', permissions: everything },
    ],
  },
  {
    name: 'Camila Duarte',
    email: 'camila@duartecontabil.example',
    language: 'pt-BR',
    accounts: [{ key: 'padaria', permissions: ['billing'] }],
  },
  {
    name: 'Martín Echeverría',
    email: 'martin@estudioecheverria.example',
    language: 'es',
    accounts: [{ key: 'echeverria', permissions: everything }],
  },
  {
    name: 'Lucía Fernández Oliva',
    email: 'lucia.fernandez@buzon.example',
    language: 'es',
    accounts: [{ key: 'lucia', permissions: everything }],
  },
  {
    name: 'Priya Raman',
    email: 'priya@cascaderidge.example',
    language: 'en',
    accounts: [{ key: 'cascade', permissions: everything }],
  },
  {
    name: 'Owen Fletcher',
    email: 'owen@fletcherdaughters.example',
    language: 'en',
    accounts: [{ key: 'fletcher', permissions: everything }],
  },
]
