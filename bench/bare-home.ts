// The limit that the portal's home is measured against: node:http and pg alone, the same data, no row-level security, no
// permissions, no validation, no limits: the session's query, then the page's.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 10,
  pipeline: true,
} as pg.PoolConfig)

const session = `select s.id, u.name, m.account_id, b.id as unit_id, b.name as unit_name, b.currency, b.time_zone
  from sessions s join users u on u.id = s.user_id join memberships m on m.user_id = u.id join accounts a on a.id = m.account_id
  join business_units b on b.id = a.business_unit_id where s.token_hash = $1 and s.expires_at > now() limit 1`

// The very statement of the product, as its owner, whom no row policy holds up.
const home = 'select portal_home($1, $2, now(), true, true) as home'

createServer(async (request, response) => {
  const client = await pool.connect()
  try {
    const token = /zaguan_portal=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const hash = createHash('sha256').update(token).digest()
    const who = (await client.query({ name: 'session', text: session, values: [hash] })).rows[0]
    const found = await client.query({ name: 'home', text: home, values: [who.account_id, who.unit_id] })
    const body: string = found.rows[0].home
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body)
  } finally {
    client.release()
  }
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'))
