// Who an invented operator's customers are: people and companies with places, numbers and addresses.
import type { AccountKind, NoticeTopic } from '../../platform/database.gen.ts'
import type { DemoAccount, DemoContact } from './history.ts'
import * as argentina from './names-argentina.ts'
import type { Place } from './names-brazil.ts'
import * as brazil from './names-brazil.ts'
import * as english from './names-english.ts'
import type { DemoUnit, UnitSlug } from './operator.ts'
import { createRandom, type Random } from './random.ts'
import { createCnpj, createCpf, createCuit, createForeignTaxId } from './tax-ids.ts'

const accountsWanted: Record<UnitSlug, { people: number }> = {
  pirilampo: { people: 124 },
  jacaranda: { people: 24 },
  tallybird: { people: 6 },
}

/** Somebody who may become an account. */
export type Holder = Pick<
  DemoAccount,
  'kind' | 'name' | 'tax_id' | 'email' | 'phone' | 'address' | 'city' | 'state' | 'country' | 'postal_code'
> & { contacts: Omit<DemoContact, 'id'>[] }

/** Everything that a contact may be told of. */
export const allTopics: NoticeTopic[] = ['billing', 'services', 'support']

/** Letters of an e-mail address or a domain: no accents, no spaces. */
function simplify(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.|\.$/g, '')
}

function claimEmail(emails: Set<string>, wish: string, random: Random): string {
  const [local, domain] = wish.split('@') as [string, string]
  let email = wish
  while (emails.has(email)) email = `${local}${random.integer(60, 99)}@${domain}`
  emails.add(email)
  return email
}

const countries: Record<UnitSlug, typeof brazil | typeof argentina | typeof english> = {
  pirilampo: brazil,
  jacaranda: argentina,
  tallybird: english,
}

/** The people and companies of a business unit. */
export function listHolders(unit: DemoUnit, emails: Set<string>): Holder[] {
  const lists = countries[unit.slug]
  const names = new Set<string>()
  const companies = lists.companies.map((company): Holder => {
    const [name, label, country = unit.country] = company as [string, string, string?]
    const random = createRandom(`company:${unit.slug}:${label}`)
    const place = pickPlace(unit.slug, country, random)
    const domain = `${label}.example`
    const mailbox = {
      'pt-BR': ['financeiro', 'contato', 'administrativo'],
      es: ['administracion', 'info', 'pagos'],
      en: ['accounts', 'hello', 'office'],
    }[unit.language]
    const people = Array.from(
      {
        length: random.weigh([
          [1, 5],
          [2, 4],
          [3, 1],
        ] as const),
      },
      (_, index) => {
        const first = random.pick(lists.firstNames)
        const last = random.pick(lists.lastNames)
        return {
          first_name: first,
          last_name: last,
          email: claimEmail(emails, `${simplify(first.split(' ')[0]!)}.${simplify(last)}@${domain}`, random),
          phone: createPhone(country, place.city, 'mobile', random),
          title: lists.titles[(random.integer(0, 2) + index * 3) % lists.titles.length]!,
          topics:
            index === 0
              ? allTopics
              : random.pick<NoticeTopic[]>([['billing'], ['services', 'support'], ['support']]),
          is_primary: index === 0,
        }
      },
    )
    return {
      kind: 'company',
      name,
      tax_id: createTaxId(country, 'company', random),
      email: claimEmail(emails, `${random.pick(mailbox)}@${domain}`, random),
      phone: createPhone(country, place.city, 'office', random),
      ...writeAddress(place, country, 'company', random),
      country,
      contacts: people,
    }
  })
  const people = Array.from({ length: accountsWanted[unit.slug].people }, (_, index): Holder => {
    const random = createRandom(`person:${unit.slug}:${index}`)
    const country = unit.slug === 'tallybird' && random.chance(0.3) ? 'GB' : unit.country
    const place = pickPlace(unit.slug, country, random)
    let first: string
    let last: string
    do {
      first = random.pick(lists.firstNames)
      const two = unit.slug === 'tallybird' ? 0 : unit.slug === 'pirilampo' ? 0.6 : 0.25
      last = random.pick(lists.lastNames)
      const second = random.pick(lists.lastNames)
      if (random.chance(two) && second !== last) last = `${last} ${second}`
    } while (names.has(`${first} ${last}`))
    names.add(`${first} ${last}`)
    const local = random.pick([
      `${simplify(first.split(' ')[0]!)}.${simplify(last.split(' ').at(-1)!)}`,
      `${simplify(first)}.${simplify(last.split(' ').at(-1)!)}`,
      `${simplify(first).slice(0, 1)}.${simplify(last)}`,
    ])
    const email = claimEmail(emails, `${local}@${random.pick(lists.mailDomains)}`, random)
    const phone = createPhone(country, place.city, 'mobile', random)
    return {
      kind: 'person',
      name: `${first} ${last}`,
      tax_id: createTaxId(country, 'person', random),
      email,
      phone,
      ...writeAddress(place, country, 'person', random),
      country,
      contacts: [
        {
          first_name: first,
          last_name: last,
          email,
          phone,
          title: null,
          topics: allTopics,
          is_primary: true,
        },
      ],
    }
  })
  return createRandom(`order:${unit.slug}`).shuffle([...companies, ...people])
}

function pickPlace(slug: UnitSlug, country: string, random: Random): Place {
  if (slug === 'tallybird') return random.weigh(english.placesByCountry[country === 'GB' ? 'GB' : 'US'])
  return random.weigh(slug === 'pirilampo' ? brazil.places : argentina.places)
}

/** A tax id of that country whose check digits are right. */
export function createTaxId(country: string, kind: AccountKind, random: Random): string {
  if (country === 'BR') return kind === 'company' ? createCnpj(random) : createCpf(random)
  if (country === 'AR') return createCuit(random, kind)
  return createForeignTaxId(random, country)
}

const areaCodes: Record<string, string> = {
  Portland: '503',
  Seattle: '206',
  Boise: '208',
  Denver: '303',
  Austin: '512',
  Madison: '608',
  Asheville: '828',
  Burlington: '802',
  Bristol: '117 496 0',
  Leeds: '113 496 0',
  Edinburgh: '131 496 0',
  Norwich: '1632 960',
  'La Plata': '221',
  Rosario: '341',
  Córdoba: '351',
  Mendoza: '261',
}

/** Numbers of the ranges that are kept for fiction, where a country keeps any. */
function createPhone(country: string, city: string, line: 'office' | 'mobile', random: Random): string {
  if (country === 'BR') {
    return line === 'mobile'
      ? `+55 11 9${random.integer(6100, 9899)}-${random.digits(4)}`
      : `+55 11 ${random.integer(2100, 5899)}-${random.digits(4)}`
  }
  if (country === 'AR') {
    const area = areaCodes[city] ?? '11'
    const number =
      area === '11'
        ? `${random.integer(3100, 6899)}-${random.digits(4)}`
        : `${random.integer(410, 699)}-${random.digits(4)}`
    return `+54 ${line === 'mobile' ? '9 ' : ''}${area} ${number}`
  }
  if (country === 'GB') return `+44 ${areaCodes[city]}${random.digits(3)}`
  return `+1 ${areaCodes[city]}-555-01${random.digits(2)}`
}

function writeAddress(place: Place, country: string, kind: AccountKind, random: Random) {
  const { city, state, postal } = place
  const street = random.pick(place.streets)
  const flat = kind === 'person' && random.chance(0.6)
  const number = random.integer(12, 1980)
  if (country === 'BR') {
    const unit = flat ? `, ap. ${random.integer(1, 18)}${random.integer(1, 4)}` : ''
    const district = place.district ? ` – ${place.district}` : ''
    return {
      address: `${street}, ${number}${unit}${district}`,
      city,
      state,
      postal_code: `${postal}-0${random.integer(10, 99)}`,
    }
  }
  if (country === 'AR') {
    const unit = flat ? `, ${random.integer(1, 12)}.º ${random.pick(['A', 'B', 'C', 'D'])}` : ''
    return { address: `${street} ${number + 200}${unit}`, city, state, postal_code: postal }
  }
  const end = country === 'GB' ? random.pick(['AB', 'DT', 'HR', 'JP', 'LN', 'QW', 'RX', 'TS']) : ''
  return {
    address: `${country === 'GB' ? random.integer(2, 148) : number} ${street}`,
    city,
    state,
    postal_code: `${postal}${end}`,
  }
}
