// The demonstration operator: its three business units, what each sells, and who works there.
import type {
  BillingMode,
  DayCount,
  ItemKind,
  LanguageCode,
  OptionKind,
  PaymentMethod,
  PlanKind,
  StaffRole,
} from '../../platform/database.gen.ts'

export type UnitSlug = 'pirilampo' | 'jacaranda' | 'tallybird'

export type DemoOption = {
  name: string
  amount: number
  kind?: OptionKind /** How often it is taken. */
  taken: number
}
export type DemoPlan = {
  name: string
  kind: PlanKind
  description: string
  /** Minor units a month. */
  amount: number
  /** What those who came more than a year ago still pay. */
  formerAmount?: number
  trialDays?: number
  proportionalTrial?: boolean
  termMonths?: number
  /** Other terms to choose, with what each takes off in basis points. */
  terms?: { term_months: number; discount_basis_points?: number }[]
  items?: { item: ItemKind; included: number; maximum?: number; extra_amount?: number }[]
  options?: DemoOption[]
  /** Sold no more: only early customers have it. */
  archived?: boolean
  /** How often companies and people choose it first, and how often they add it to what they have. */
  chosen: { company: number; person: number; added: number }
  /** Needs a routing point: it ends in a wall somewhere. */
  connected?: boolean
}
export type DemoProduct = { name: string; description: string; plans: DemoPlan[] }

export type DemoUnit = {
  slug: UnitSlug
  name: string
  legal_name: string
  tax_id: string
  address: string
  city: string
  state: string
  country: 'BR' | 'AR' | 'US'
  postal_code: string
  website: string
  support_email: string
  support_phone: string
  currency: 'BRL' | 'ARS' | 'USD'
  time_zone: string
  language: LanguageCode
  closing_day: number
  day_count: DayCount
  billing_mode: BillingMode
  due_day: number
  payment_methods: PaymentMethod[]
  payment_instructions: string
  invoice_series: string
  accent: string
  routingPoints: { name: string; notes: string }[]
  products: DemoProduct[]
}

const pirilampo: DemoUnit = {
  slug: 'pirilampo',
  name: 'Pirilampo Fibra',
  legal_name: 'Pirilampo Telecomunicações Ltda.',
  tax_id: '41.728.305/0001-00',
  address: 'Rua Fradique Coutinho, 1180, 4º andar – Vila Madalena',
  city: 'São Paulo',
  state: 'SP',
  country: 'BR',
  postal_code: '05416-001',
  website: 'https://pirilampo.example',
  support_email: 'atendimento@pirilampo.example',
  support_phone: '+55 11 4003-7180',
  currency: 'BRL',
  time_zone: 'America/Sao_Paulo',
  language: 'pt-BR',
  closing_day: 31,
  day_count: 'actual',
  billing_mode: 'arrears',
  due_day: 10,
  payment_methods: ['pix', 'boleto', 'card', 'bank_debit', 'bank_transfer'],
  payment_instructions:
    'Pix (CNPJ): 41.728.305/0001-00, Pirilampo Telecomunicações Ltda.\nTransferência: Banco Araucária (742), agência 0127, conta 48210-6.\nDepois de pagar, avise por aqui com o comprovante: confirmamos em até um dia útil.',
  invoice_series: 'A',
  accent: '#0f766e',
  routingPoints: [
    { name: 'POP Vila Madalena', notes: 'Prédio da sede, OLT 1 e 2. Chave com a portaria.' },
    { name: 'POP Butantã', notes: 'Container no terreno da Rua Camargo, OLT 3.' },
    { name: 'POP Mooca', notes: 'Galpão da Rua Taquari, OLT 4. Gerador testado na primeira segunda do mês.' },
    { name: 'POP Osasco', notes: 'Sala no edifício Vila Yara, OLT 5.' },
    { name: 'Torre Cantareira', notes: 'Rádio ponto a ponto para clientes sem fibra ao norte da cidade.' },
  ],
  products: [
    {
      name: 'Internet para casa',
      description: 'Fibra até a sala, com instalação em até três dias úteis.',
      plans: [
        {
          name: 'Fibra 300',
          kind: 'broadband',
          description: '300 Mb/s de download e 150 Mb/s de upload.',
          amount: 9990,
          formerAmount: 8990,
          termMonths: 12,
          items: [
            { item: 'login', included: 1, maximum: 3, extra_amount: 990 },
            { item: 'mailbox', included: 2, maximum: 10, extra_amount: 490 },
          ],
          options: [
            { name: 'Roteador Wi-Fi 6 em comodato', amount: 0, taken: 0.7 },
            { name: 'Ponto Wi-Fi adicional', amount: 1990, kind: 'add_on', taken: 0.15 },
            { name: 'Antivírus família (5 aparelhos)', amount: 990, kind: 'add_on', taken: 0.1 },
          ],
          chosen: { company: 1, person: 34, added: 1 },
          connected: true,
        },
        {
          name: 'Fibra 600',
          kind: 'broadband',
          description: '600 Mb/s de download e 300 Mb/s de upload.',
          amount: 12990,
          formerAmount: 11990,
          termMonths: 12,
          items: [
            { item: 'login', included: 1, maximum: 3, extra_amount: 990 },
            { item: 'mailbox', included: 5, maximum: 10, extra_amount: 490 },
          ],
          options: [
            { name: 'Roteador Wi-Fi 6 em comodato', amount: 0, taken: 0.85 },
            { name: 'Ponto Wi-Fi adicional', amount: 1990, kind: 'add_on', taken: 0.25 },
            { name: 'Antivírus família (5 aparelhos)', amount: 990, kind: 'add_on', taken: 0.12 },
          ],
          chosen: { company: 4, person: 38, added: 2 },
          connected: true,
        },
        {
          name: 'Fibra 1 Giga',
          kind: 'broadband',
          description:
            '1 Gb/s de download e 500 Mb/s de upload, para quem joga, transmite e trabalha em casa.',
          amount: 17990,
          termMonths: 12,
          items: [
            { item: 'login', included: 2, maximum: 4, extra_amount: 990 },
            { item: 'mailbox', included: 5, maximum: 10, extra_amount: 490 },
          ],
          options: [
            { name: 'Roteador Wi-Fi 6 em comodato', amount: 0, taken: 0.9 },
            { name: 'Ponto Wi-Fi adicional', amount: 1990, kind: 'add_on', taken: 0.4 },
          ],
          chosen: { company: 5, person: 16, added: 1 },
          connected: true,
        },
        {
          name: 'Fibra 100',
          kind: 'broadband',
          description: 'O primeiro plano de fibra, fora de venda.',
          amount: 7990,
          items: [{ item: 'login', included: 1, maximum: 2, extra_amount: 990 }],
          archived: true,
          chosen: { company: 1, person: 12, added: 0 },
          connected: true,
        },
      ],
    },
    {
      name: 'Internet para empresas',
      description: 'Fibra com atendimento próprio e prazo de reparo em contrato.',
      plans: [
        {
          name: 'Empresa 500',
          kind: 'broadband',
          description: '500 Mb/s simétricos, reparo em até 8 horas úteis.',
          amount: 24990,
          formerAmount: 22990,
          termMonths: 12,
          items: [
            { item: 'login', included: 1, maximum: 5, extra_amount: 1490 },
            { item: 'ip', included: 0, maximum: 4, extra_amount: 2990 },
            { item: 'mailbox', included: 10, extra_amount: 490 },
          ],
          options: [
            { name: 'IP fixo', amount: 4990, kind: 'add_on', taken: 0.45 },
            { name: 'Reparo em 4 horas', amount: 8990, kind: 'add_on', taken: 0.12 },
            { name: 'Wi-Fi para visitantes', amount: 3990, kind: 'add_on', taken: 0.2 },
          ],
          chosen: { company: 36, person: 0, added: 2 },
          connected: true,
        },
        {
          name: 'Empresa 1 Giga',
          kind: 'broadband',
          description: '1 Gb/s simétrico, reparo em até 6 horas úteis, um IP fixo incluído.',
          amount: 39990,
          termMonths: 24,
          items: [
            { item: 'login', included: 2, maximum: 8, extra_amount: 1490 },
            { item: 'ip', included: 1, maximum: 8, extra_amount: 2990 },
            { item: 'mailbox', included: 20, extra_amount: 490 },
          ],
          options: [
            { name: 'Reparo em 4 horas', amount: 8990, kind: 'add_on', taken: 0.3 },
            { name: 'Segundo enlace por rádio', amount: 14990, kind: 'add_on', taken: 0.15 },
          ],
          chosen: { company: 18, person: 0, added: 1 },
          connected: true,
        },
        {
          name: 'Link dedicado 200',
          kind: 'broadband',
          description: '200 Mb/s garantidos, monitorados dia e noite.',
          amount: 129000,
          termMonths: 24,
          items: [{ item: 'ip', included: 5, maximum: 16, extra_amount: 2990 }],
          chosen: { company: 4, person: 0, added: 0 },
          connected: true,
        },
      ],
    },
    {
      name: 'Adicionais',
      description: 'O que se soma a uma conexão.',
      plans: [
        {
          name: 'Ponto adicional',
          kind: 'additional_point',
          description: 'Mais um ponto de fibra no mesmo endereço.',
          amount: 3990,
          chosen: { company: 0, person: 0, added: 14 },
          connected: true,
        },
        {
          name: 'E-mail profissional',
          kind: 'email',
          description: 'Caixas postais de 25 GB no seu domínio. Grátis até o primeiro fechamento.',
          amount: 2490,
          proportionalTrial: true,
          terms: [{ term_months: 12, discount_basis_points: 1000 }],
          items: [{ item: 'mailbox', included: 5, extra_amount: 490 }],
          options: [{ name: 'Arquivamento por 5 anos', amount: 1290, kind: 'add_on', taken: 0.2 }],
          chosen: { company: 0, person: 0, added: 16 },
        },
        {
          name: 'Suporte em casa',
          kind: 'support_pack',
          description: 'Uma visita por mês para o que não é a conexão: computadores, impressoras, TVs.',
          amount: 5990,
          trialDays: 30,
          chosen: { company: 0, person: 0, added: 8 },
        },
      ],
    },
  ],
}

const jacaranda: DemoUnit = {
  slug: 'jacaranda',
  name: 'Jacarandá Hosting',
  legal_name: 'Jacarandá Servicios Digitales S.R.L.',
  tax_id: '30-71658420-4',
  address: 'Av. Corrientes 5671, piso 3',
  city: 'Buenos Aires',
  state: 'CABA',
  country: 'AR',
  postal_code: 'C1414',
  website: 'https://jacaranda.example',
  support_email: 'ayuda@jacaranda.example',
  support_phone: '+54 11 5272-3400',
  currency: 'ARS',
  time_zone: 'America/Argentina/Buenos_Aires',
  language: 'es',
  closing_day: 1,
  day_count: 'actual',
  billing_mode: 'advance',
  due_day: 10,
  payment_methods: ['bank_transfer', 'card', 'cash'],
  payment_instructions:
    'Transferencia: Banco del Plata Austral, CBU 3790012400004817203356, alias JACARANDA.HOSTING.\nA nombre de Jacarandá Servicios Digitales S.R.L., CUIT 30-71658420-4.\nCuando hayas transferido, avisanos desde acá con el comprobante.',
  invoice_series: 'B',
  accent: '#7c3aed',
  routingPoints: [],
  products: [
    {
      name: 'Hosting',
      description: 'Sitios web con correo, copias de seguridad y soporte en español.',
      plans: [
        {
          name: 'Hosting Inicial',
          kind: 'hosting',
          description: 'Un sitio, 10 GB y 5 casillas de correo.',
          amount: 990000,
          formerAmount: 780000,
          trialDays: 15,
          items: [
            { item: 'domain', included: 1, maximum: 2, extra_amount: 150000 },
            { item: 'mailbox', included: 5, maximum: 20, extra_amount: 60000 },
            { item: 'ftp_user', included: 1, maximum: 3 },
            { item: 'database', included: 1, maximum: 3, extra_amount: 80000 },
          ],
          options: [
            { name: 'Copia de seguridad diaria', amount: 450000, kind: 'add_on', taken: 0.2 },
            { name: 'Certificado SSL', amount: 0, taken: 0.9 },
          ],
          chosen: { company: 22, person: 50, added: 4 },
        },
        {
          name: 'Hosting Emprendedor',
          kind: 'hosting',
          description: 'Cinco sitios, 50 GB y 25 casillas de correo.',
          amount: 1890000,
          formerAmount: 1450000,
          trialDays: 15,
          terms: [
            { term_months: 12, discount_basis_points: 1000 },
            { term_months: 24, discount_basis_points: 1500 },
          ],
          items: [
            { item: 'domain', included: 5, maximum: 10, extra_amount: 150000 },
            { item: 'mailbox', included: 25, extra_amount: 60000 },
            { item: 'ftp_user', included: 5, maximum: 10 },
            { item: 'database', included: 5, maximum: 15, extra_amount: 80000 },
          ],
          options: [
            { name: 'Copia de seguridad diaria', amount: 450000, kind: 'add_on', taken: 0.35 },
            { name: 'Certificado SSL', amount: 0, taken: 0.95 },
            { name: 'IP dedicada', amount: 520000, kind: 'add_on', taken: 0.12 },
          ],
          chosen: { company: 34, person: 26, added: 3 },
        },
        {
          name: 'Hosting Agencia',
          kind: 'hosting',
          description: 'Para quienes alojan a otros: 40 sitios, 250 GB y panel con su propia marca.',
          amount: 4490000,
          formerAmount: 3600000,
          items: [
            { item: 'domain', included: 40, extra_amount: 120000 },
            { item: 'mailbox', included: 200, extra_amount: 50000 },
            { item: 'ftp_user', included: 40 },
            { item: 'database', included: 80, extra_amount: 60000 },
          ],
          options: [{ name: 'Panel con tu marca', amount: 690000, kind: 'module', taken: 0.5 }],
          chosen: { company: 9, person: 3, added: 1 },
        },
      ],
    },
    {
      name: 'Servidores',
      description: 'Máquinas virtuales en Buenos Aires, con administración opcional.',
      plans: [
        {
          name: 'VPS 4 GB',
          kind: 'generic',
          description: '2 núcleos, 4 GB de memoria y 80 GB de disco.',
          amount: 3200000,
          formerAmount: 2700000,
          items: [{ item: 'ip', included: 1, maximum: 4, extra_amount: 350000 }],
          options: [
            { name: 'Servidor administrado', amount: 2800000, kind: 'add_on', taken: 0.35 },
            { name: 'Instantánea semanal', amount: 380000, kind: 'add_on', taken: 0.3 },
          ],
          chosen: { company: 9, person: 6, added: 6 },
        },
        {
          name: 'VPS 16 GB',
          kind: 'generic',
          description: '6 núcleos, 16 GB de memoria y 320 GB de disco.',
          amount: 8900000,
          items: [{ item: 'ip', included: 1, maximum: 8, extra_amount: 350000 }],
          options: [
            { name: 'Servidor administrado', amount: 2800000, kind: 'add_on', taken: 0.6 },
            { name: 'Instantánea semanal', amount: 380000, kind: 'add_on', taken: 0.5 },
          ],
          chosen: { company: 4, person: 0, added: 1 },
        },
      ],
    },
    {
      name: 'Dominios y correo',
      description: 'Tu nombre en internet.',
      plans: [
        {
          name: 'Dominio .com.ar',
          kind: 'domain',
          description: 'Registro y renovación, con DNS.',
          amount: 190000,
          items: [{ item: 'host_record', included: 20, maximum: 200 }],
          chosen: { company: 0, person: 0, added: 20 },
        },
        {
          name: 'Correo Profesional',
          kind: 'email',
          description: 'Diez casillas de 50 GB con calendario compartido. Gratis hasta el primer cierre.',
          amount: 1450000,
          proportionalTrial: true,
          items: [{ item: 'mailbox', included: 10, extra_amount: 130000 }],
          chosen: { company: 5, person: 2, added: 9 },
        },
        {
          name: 'Bolsa de soporte',
          kind: 'support_pack',
          description: 'Cinco horas por mes para tu sitio: cambios, actualizaciones, consultas.',
          amount: 3800000,
          chosen: { company: 0, person: 0, added: 5 },
        },
      ],
    },
  ],
}

const tallybird: DemoUnit = {
  slug: 'tallybird',
  name: 'Tallybird',
  legal_name: 'Tallybird Software, Inc.',
  tax_id: '84-3160927',
  address: '1127 SE Morrison St, Suite 300',
  city: 'Portland',
  state: 'OR',
  country: 'US',
  postal_code: '97214',
  website: 'https://tallybird.example',
  support_email: 'help@tallybird.example',
  support_phone: '+1 503-555-0148',
  currency: 'USD',
  time_zone: 'America/Los_Angeles',
  language: 'en',
  closing_day: 15,
  day_count: 'commercial',
  billing_mode: 'advance',
  due_day: 25,
  payment_methods: ['card', 'bank_transfer', 'cheque'],
  payment_instructions:
    'ACH: Cascadia Mutual Bank, routing 123456780, account 4410 7782 16, Tallybird Software, Inc.\nChecks: 1127 SE Morrison St, Suite 300, Portland, OR 97214.\nTold us here, with the confirmation attached? We match it within one business day.',
  invoice_series: 'TB',
  accent: '#c2410c',
  routingPoints: [],
  products: [
    {
      name: 'Tallybird Inventory',
      description: 'Stock, purchasing and counts for shops and small warehouses.',
      plans: [
        {
          name: 'Inventory Solo',
          kind: 'licence',
          description: 'One seat, one location.',
          amount: 2900,
          trialDays: 14,
          items: [{ item: 'licence', included: 1, maximum: 2, extra_amount: 1200 }],
          options: [{ name: 'Barcode labels', amount: 900, kind: 'module', taken: 0.3 }],
          chosen: { company: 16, person: 70, added: 0 },
        },
        {
          name: 'Inventory Team',
          kind: 'licence',
          description: 'Five seats, two locations.',
          amount: 8900,
          formerAmount: 7900,
          trialDays: 14,
          terms: [
            { term_months: 12, discount_basis_points: 1000 },
            { term_months: 24, discount_basis_points: 2000 },
          ],
          items: [{ item: 'licence', included: 5, maximum: 15, extra_amount: 1200 }],
          options: [
            { name: 'Barcode labels', amount: 900, kind: 'module', taken: 0.5 },
            { name: 'Purchase planning', amount: 2500, kind: 'module', taken: 0.35 },
            { name: 'API access', amount: 2000, kind: 'module', taken: 0.2 },
          ],
          chosen: { company: 46, person: 20, added: 0 },
        },
        {
          name: 'Inventory Business',
          kind: 'licence',
          description: 'Twenty seats, any number of locations.',
          amount: 24900,
          formerAmount: 21900,
          trialDays: 14,
          termMonths: 12,
          items: [{ item: 'licence', included: 20, extra_amount: 1000 }],
          options: [
            { name: 'Purchase planning', amount: 2500, kind: 'module', taken: 0.6 },
            { name: 'Multi-warehouse transfers', amount: 4500, kind: 'module', taken: 0.5 },
            { name: 'API access', amount: 2000, kind: 'module', taken: 0.5 },
          ],
          chosen: { company: 18, person: 0, added: 0 },
        },
      ],
    },
    {
      name: 'Tallybird Register',
      description: 'Point of sale that counts stock as it sells.',
      plans: [
        {
          name: 'Register',
          kind: 'licence',
          description: 'One till, with card terminal and receipt printer support.',
          amount: 4900,
          trialDays: 30,
          items: [{ item: 'licence', included: 1, maximum: 10, extra_amount: 3900 }],
          options: [{ name: 'Gift cards', amount: 900, kind: 'module', taken: 0.3 }],
          chosen: { company: 12, person: 10, added: 22 },
        },
      ],
    },
    {
      name: 'Services',
      description: 'People who help.',
      plans: [
        {
          name: 'Priority support',
          kind: 'support_pack',
          description: 'Answers within two business hours, by phone too.',
          amount: 5900,
          chosen: { company: 0, person: 0, added: 12 },
        },
        {
          name: 'Quarterly stock review',
          kind: 'generic',
          description: 'A specialist goes through your counts with you, four times a year.',
          amount: 9900,
          chosen: { company: 0, person: 0, added: 4 },
        },
      ],
    },
  ],
}

export const demoUnits: readonly DemoUnit[] = [pirilampo, jacaranda, tallybird]

export type DemoStaff = {
  key: string
  name: string
  email: string
  role: StaffRole
  language: LanguageCode
  /** Null: all. */
  units: UnitSlug[] | null
}

export const demoStaff: readonly DemoStaff[] = [
  {
    key: 'admin',
    name: 'Beatriz Nogueira',
    email: 'beatriz.nogueira@pirilampo.example',
    role: 'admin',
    language: 'pt-BR',
    units: null,
  },
  {
    key: 'finance',
    name: 'Diego Salvatierra',
    email: 'diego.salvatierra@jacaranda.example',
    role: 'finance',
    language: 'es',
    units: null,
  },
  {
    key: 'sales',
    name: 'Larissa Moreira',
    email: 'larissa.moreira@pirilampo.example',
    role: 'sales',
    language: 'pt-BR',
    units: ['pirilampo'],
  },
  {
    key: 'support',
    name: 'Tomás Quiroga',
    email: 'tomas.quiroga@jacaranda.example',
    role: 'support',
    language: 'es',
    units: null,
  },
  {
    key: 'technician',
    name: 'Anderson Kimura',
    email: 'anderson.kimura@pirilampo.example',
    role: 'technician',
    language: 'pt-BR',
    units: null,
  },
  {
    key: 'auditor',
    name: 'Grace Whitfield',
    email: 'grace.whitfield@tallybird.example',
    role: 'auditor',
    language: 'en',
    units: null,
  },
]

/** What everybody of the demonstration signs in with. */
export const demoPassword = 'zaguan-demo-2026'
