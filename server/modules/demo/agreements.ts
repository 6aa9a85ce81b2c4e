// What the operator promised: SLA and alert threshold profiles per business unit, contracts of some companies, mail domains.
import { sql } from 'kysely'
import type { ContractType, LanguageCode } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { demand } from '../../platform/jobs.ts'
import { createContract, createSlaProfile, createThresholdProfile } from '../accounts/index.ts'
import type { Founded } from './founding.ts'
import { demoUnits } from './operator.ts'

type Words = {
  standard: string
  standardText: string
  priority: string
  priorityText: string
  devices: string
  devicesText: string
  servers: string
  serversText: string
  contracts: Record<'support' | 'hours' | 'monitoring' | 'backup' | 'project', string>
}

const words: Record<LanguageCode, Words> = {
  'pt-BR': {
    standard: 'Comercial',
    standardText: 'Atendimento em horário comercial, incluído em todos os planos.',
    priority: 'Prioritário 24 h',
    priorityText: 'Para quem não pode parar: a qualquer hora, todos os dias.',
    devices: 'Roteadores e enlaces',
    devicesText: 'Equipamentos na casa do cliente e enlaces de rádio.',
    servers: 'Servidores',
    serversText: 'Máquinas dedicadas e virtuais.',
    contracts: {
      support: 'Suporte mensal',
      hours: 'Pacote de 20 horas',
      monitoring: 'Monitoramento dos servidores',
      backup: 'Backup diário',
      project: 'Rede da nova sede',
    },
  },
  es: {
    standard: 'Horario laboral',
    standardText: 'Atención en horario laboral, incluida en todos los planes.',
    priority: 'Prioritario 24 h',
    priorityText: 'Para quien no puede parar: a toda hora, todos los días.',
    devices: 'Routers y enlaces',
    devicesText: 'Equipos en casa del cliente y radioenlaces.',
    servers: 'Servidores',
    serversText: 'Máquinas dedicadas y virtuales.',
    contracts: {
      support: 'Abono de soporte',
      hours: 'Bolsa de 20 horas',
      monitoring: 'Monitoreo de servidores',
      backup: 'Copia de seguridad diaria',
      project: 'Red de la nueva sede',
    },
  },
  en: {
    standard: 'Business hours',
    standardText: 'Included in every plan.',
    priority: 'Priority, 24/7',
    priorityText: 'For those who cannot stop: any hour, every day.',
    devices: 'Workstations',
    devicesText: 'Computers at the customer’s.',
    servers: 'Servers',
    serversText: 'Dedicated and virtual machines.',
    contracts: {
      support: 'Support retainer',
      hours: 'Block of 20 hours',
      monitoring: 'Server monitoring',
      backup: 'Daily backup',
      project: 'Office move',
    },
  },
}

/** What some companies have, and since when; amounts in major units of a currency that is worth a dollar. */
const agreed: {
  name: keyof Words['contracts']
  type: ContractType
  amount: number
  begins: number
  ends?: number
  minutes?: number
}[] = [
  { name: 'support', type: 'flat_retainer', amount: 480, begins: -14 },
  { name: 'hours', type: 'block_hours', amount: 1400, begins: -5, ends: 7, minutes: 1200 },
  { name: 'monitoring', type: 'remote_monitoring', amount: 190, begins: -9 },
  { name: 'backup', type: 'online_backup', amount: 75, begins: -20 },
  { name: 'project', type: 'project_flat_fee', amount: 3600, begins: -8, ends: -2 },
  { name: 'support', type: 'flat_retainer', amount: 650, begins: 1 },
]
const worth = { BRL: 5, ARS: 1200, USD: 1 } as const

/** Writes profiles, contracts and domains; the first of each kind of profile is the default of its business unit. */
export async function writeAgreements(tx: Tx, founded: Founded, now: Temporal.Instant): Promise<void> {
  for (const unit of demoUnits) {
    const text = words[unit.language]
    const { id } = founded.units.get(unit.slug)!
    await createProfiles(tx, id, text)
    const companies = await tx
      .selectFrom('accounts')
      .select('id')
      .where('business_unit_id', '=', id)
      .where('kind', '=', 'company')
      .orderBy('number')
      .limit(agreed.length)
      .execute()
    const priority = await tx
      .selectFrom('sla_profiles')
      .select('id')
      .where('business_unit_id', '=', id)
      .where('name', '=', text.priority)
      .executeTakeFirstOrThrow()
    const today = now.toZonedDateTimeISO(unit.time_zone).toPlainDate().with({ day: 1 })
    for (const [index, company] of companies.entries()) {
      const one = agreed[index]!
      demand(
        await createContract(
          tx,
          company.id,
          {
            name: text.contracts[one.name],
            type: one.type,
            amount: one.amount * worth[unit.currency] * 100,
            start_date: today.add({ months: one.begins }),
            end_date: one.ends === undefined ? null : today.add({ months: one.ends }),
            included_minutes: one.minutes,
            sla_profile_id: one.name === 'monitoring' ? priority.id : null,
          },
          now,
        ),
      )
    }
    await tx
      .updateTable('accounts')
      .set({ sla_profile_id: priority.id })
      .where(
        'id',
        'in',
        companies.slice(0, 2).map((company) => company.id),
      )
      .execute()
  }
  // Mail domains of companies that share theirs with nobody; and two whom somebody began to set up yesterday.
  await sql`
    insert into account_domains (account_id, business_unit_id, domain)
    select min(id::text)::uuid, business_unit_id, split_part(email::text, '@', 2) from accounts
     where email is not null group by 2, 3 having count(*) = 1 and bool_and(kind = 'company')`.execute(tx)
  await sql`
    insert into account_setups (account_id, business_unit_id, contact, created_by, created_at)
    select id, business_unit_id, 'done', ${founded.staff.get('sales') ?? null}::uuid, ${now}::timestamptz - interval '1 day'
      from accounts order by number desc limit 2`.execute(tx)
}

async function createProfiles(tx: Tx, unitId: string, text: Words): Promise<void> {
  demand(
    await createSlaProfile(tx, {
      business_unit_id: unitId,
      name: text.standard,
      description: text.standardText,
      is_default: true,
      coverage: 'business_hours',
      business_days: [1, 2, 3, 4, 5],
      opens_at: '08:00',
      closes_at: '18:00',
      targets: [
        { priority: 'urgent', first_response_minutes: 60, resolution_minutes: 480 },
        { priority: 'high', first_response_minutes: 120, resolution_minutes: 960 },
        { priority: 'normal', first_response_minutes: 240, resolution_minutes: 1920 },
        { priority: 'low', first_response_minutes: 480, resolution_minutes: 4800 },
      ],
    }),
  )
  demand(
    await createSlaProfile(tx, {
      business_unit_id: unitId,
      name: text.priority,
      description: text.priorityText,
      coverage: 'always',
      targets: [
        { priority: 'urgent', first_response_minutes: 15, resolution_minutes: 240 },
        { priority: 'high', first_response_minutes: 30, resolution_minutes: 480 },
        { priority: 'normal', first_response_minutes: 120, resolution_minutes: 1440 },
        { priority: 'low', first_response_minutes: 240, resolution_minutes: 2880 },
      ],
    }),
  )
  demand(
    await createThresholdProfile(tx, {
      business_unit_id: unitId,
      name: text.devices,
      description: text.devicesText,
      is_default: true,
      thresholds: [
        { metric: 'offline', warning: 5, critical: 15, for_minutes: 0 },
        { metric: 'packet_loss', warning: 3, critical: 10, for_minutes: 5 },
        { metric: 'latency', warning: 80, critical: 200, for_minutes: 5 },
      ],
    }),
  )
  demand(
    await createThresholdProfile(tx, {
      business_unit_id: unitId,
      name: text.servers,
      description: text.serversText,
      thresholds: [
        { metric: 'cpu', warning: 85, critical: 95, for_minutes: 15 },
        { metric: 'memory', warning: 85, critical: 95, for_minutes: 10 },
        { metric: 'disk', warning: 80, critical: 92, for_minutes: 0 },
        { metric: 'offline', warning: null, critical: 3, for_minutes: 0 },
        { metric: 'temperature', warning: 65, critical: 80, for_minutes: 10 },
      ],
    }),
  )
}
