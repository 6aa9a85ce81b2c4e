import { type OfficeGround, units } from './office-data.ts'

/** Every list page of the office by its address, with each order and each filter that its table offers. */
function listQuestions({ plan, closing }: OfficeGround): Record<string, string[]> {
  const unit = `business_unit_id=${units[1]}`
  const ledger = `business_unit_id=${units[0]}`
  return {
    accounts: [
      '',
      'sort=-name',
      'sort=number',
      'sort=-created_at',
      'sort=city',
      unit,
      'city=S%C3%A3o%20Paulo',
      'rank=A',
      'setup=unfinished',
      'q=silva',
      'q=maria%20silva',
      'q=padaria',
      'q=C-77',
      'q=nowhere',
    ],
    contacts: ['', 'sort=-created_at', unit, 'primary=yes'],
    contracts: ['', 'sort=name', 'sort=account_name', unit, 'type=flat_retainer', 'q=suporte'],
    subscriptions: [
      '',
      'sort=-start_date',
      'sort=contract_number',
      'sort=status',
      unit,
      'status=suspended',
      'status=awaiting_installation',
      `plan_id=${plan}`,
      'q=silva',
      'q=fibra',
      'q=S-77',
      'q=nowhere',
    ],
    invoices: [
      '',
      'sort=due_date',
      'sort=-total',
      'sort=number',
      unit,
      'state=open',
      'state=paid',
      'state=overdue',
      `closing_id=${closing}`,
      'due_from=2025-01-01&due_to=2025-02-01',
      'issued_from=2025-01-01&issued_to=2025-02-01',
      'q=silva',
      'q=A-77',
      'q=nowhere',
    ],
    payments: [
      '',
      'sort=received_on',
      'sort=-amount',
      'sort=account_name',
      unit,
      'method=card',
      'from=2025-01-01&to=2025-02-01',
      'q=silva',
      'q=E77',
      'q=nowhere',
    ],
    'payment-notices': [
      '',
      'sort=account_name',
      'sort=-amount',
      unit,
      'state=pending',
      'q=silva',
      'q=nowhere',
    ],
    notices: [
      '',
      unit,
      'state=failed',
      'kind=invoice_issued',
      'kind=payment_approved',
      'q=user77%40',
      'q=nowhere',
    ],
    audit: ['', unit, 'action=created', 'object_type=accounts', 'way=office', 'q=ana'],
    closings: ['', unit, 'state=done'],
    imports: ['', unit, 'state=done'],
    products: ['', unit],
    plans: ['', 'q=fibra', unit],
    'routing-points': ['', 'q=torre', unit],
    staff: ['', 'q=staff'],
    'business-units': [''],
    coupons: ['', unit, 'state=active', 'q=cupom7'],
    'ledger/journal': [
      ledger,
      `${ledger}&sort=on_date`,
      `${ledger}&from=2025-01-01&to=2025-01-31`,
      `${ledger}&kind=payment`,
      `${ledger}&kind=adjustment`,
      `${ledger}&ledger_account=bank`,
      `${ledger}&ledger_account=adjustments`,
      `${ledger}&code=4100`,
      `${ledger}&q=silva`,
      `${ledger}&q=C-77`,
      `${ledger}&q=nowhere`,
    ],
    'ledger/sheet': [
      `${ledger}&ledger_account=receivable`,
      `${ledger}&ledger_account=revenue&sort=on_date`,
      `${ledger}&ledger_account=bank&from=2025-01-01&to=2025-01-31`,
    ],
    'ledger/trial-balance': [ledger, `${ledger}&from=2025-01-01&to=2025-01-31`],
  }
}

/** The middle of so many answers to each question, and of the fifth page of each list, in milliseconds. */
export async function measureLists(
  port: number,
  ground: OfficeGround,
  rounds = 9,
): Promise<Map<string, number>> {
  const measured = new Map<string, number>()
  const read = async (path: string) => {
    const began = performance.now()
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/office/${path}`, {
      headers: { cookie: ground.everywhere },
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}: ${text}`)
    return { ms: performance.now() - began, cursor: (JSON.parse(text).next_cursor ?? null) as string | null }
  }
  const measure = async (name: string, path: string) => {
    const cursor = (await read(path)).cursor
    // What takes seconds is not asked often.
    const times = [(await read(path)).ms]
    while (times.length < (times[0]! > 1000 ? 2 : rounds)) times.push((await read(path)).ms)
    measured.set(name, times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!)
    return cursor
  }
  for (const [list, questions] of Object.entries(listQuestions(ground))) {
    // What is listed of one business unit alone has no page without it.
    const [whole] = questions
    for (const question of questions) {
      const path = `${list}${question ? `?${question}` : ''}`
      let cursor = await measure(path, path)
      if (question !== whole) continue
      for (let page = 2; cursor !== null && page < 5; page++) {
        cursor = (await read(`${list}?${whole}&cursor=${encodeURIComponent(cursor)}`)).cursor
      }
      if (cursor !== null)
        await measure(`${list}, fifth page`, `${list}?${whole}&cursor=${encodeURIComponent(cursor)}`)
    }
  }
  return measured
}
