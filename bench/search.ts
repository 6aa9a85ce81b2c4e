import pg from 'pg'

/**
 * What an agent types: names whole, half and wrong, numbers with and without punctuation, e-mails, and what is nowhere;
 * from accounts spread over all, so common and rare names come as often as people have them. Each question once.
 */
export async function writeQuestions(ownerUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  const { rows } = await client.query<{ q: string }>(`
    with sampled as (
      select a.number, a.name, a.tax_id, a.phone, a.email::text, a.external_id, a.city, c.first_name, c.last_name,
             c.email::text as person_email, i.series || '-' || i.number as invoice, p.reference
        from (select * from accounts where number % greatest(1, (select count(*) from accounts) / 200) = 0 limit 200) a
        join contacts c on c.account_id = a.id and c.is_primary
        join invoices i on i.account_id = a.id
        left join payments p on p.account_id = a.id)
    select q from sampled cross join lateral (values
      (name), (left(name, 4)), (left(name, 9)), (split_part(name, ' ', 2)), (split_part(name, ' ', 3) || ' ' || split_part(name, ' ', 1)),
      (first_name || ' ' || last_name), (last_name), (left(last_name, 3)), (first_name || ' ' || left(last_name, 3)),
      (overlay(last_name placing 'x' from 3 for 1)), (left(name, 2) || substr(name, 4)), (first_name || ' ' || last_name || 'z'),
      (tax_id), (replace(replace(tax_id, '.', ''), '-', '')), (left(tax_id, 9)), (phone), (right(phone, 10)), (email),
      (left(email, 8) || '@'), (person_email), (number::text), (external_id), (invoice), (reference),
      (split_part(name, ' ', 1) || ' ' || city), (left(name, 1)), (left(name, 2)), ('zzq' || number)) questions (q)
     where q <> '' group by q order by md5(q)`)
  await client.end()
  return rows.map((row) => row.q)
}

export type Answers = { questions: number; p50: number; p99: number; slowest: { q: string; ms: number }[] }

/** Asks the search over HTTP, two questions at a time, each cookie all of them; milliseconds as the asker sees them. */
export async function measureSearch(port: number, cookies: string[], questions: string[]): Promise<Answers> {
  const times: { q: string; ms: number }[] = []
  const ask = async (q: string, cookie: string) => {
    const began = performance.now()
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/office/search?q=${encodeURIComponent(q)}`, {
      headers: { cookie },
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`“${q}” answered ${reply.status}: ${text}`)
    return { q, ms: performance.now() - began }
  }
  for (const cookie of cookies) {
    // A process that has just started prepares its statements first.
    for (const q of questions.slice(0, 40)) await ask(q, cookie)
    let next = 0
    await Promise.all(
      Array.from({ length: 2 }, async () => {
        while (next < questions.length) times.push(await ask(questions[next++]!, cookie))
      }),
    )
  }
  times.sort((a, b) => a.ms - b.ms)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.ms
  return { questions: times.length, p50: at(0.5), p99: at(0.99), slowest: times.slice(-5).reverse() }
}
