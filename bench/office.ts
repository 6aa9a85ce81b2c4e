import type { ChildProcess } from 'node:child_process'
import { measureLists } from './lists.ts'
import { fillOffice } from './office-data.ts'
import { startChild, stopChild } from './portal.ts'
import type { BenchServer, Row } from './run.ts'
import { measureSearch, writeQuestions } from './search.ts'

/**
 * What staff wait for with a thousand accounts and with so many: the search, and every list, order and filter of the
 * office, over HTTP from a process of its own.
 */
export async function benchOffice(server: BenchServer, accounts: number): Promise<Row[]> {
  const few = await measureOffice(server, 1000, 3973)
  const many = await measureOffice(server, accounts, 3974)
  const [thousand, million] = ['1,000', accounts.toLocaleString('en')]
  const { build } = many
  const rows: Row[] = [
    {
      name: `search, ${million} accounts and ${(accounts * 2).toLocaleString('en')} people`,
      ours: `p50 ${many.search.p50.toFixed(1)} ms, p99 ${many.search.p99.toFixed(1)} ms over ${many.search.questions.toLocaleString('en')} questions`,
      limit: `p50 ${few.search.p50.toFixed(1)} ms, p99 ${few.search.p99.toFixed(1)} ms with ${thousand} accounts`,
      ratio: many.search.p99 / few.search.p99,
      aim: 'p99 below 100 ms',
      value: many.search.p99,
    },
    {
      name: `search index, ${build.entries.toLocaleString('en')} entries`,
      ours: `built in ${build.seconds.toFixed(0)} s, ${(build.bytes / 2 ** 20).toFixed(0)} MiB`,
      limit: '',
      ratio: null,
      aim: 'watched',
      value: build.seconds,
    },
  ]
  const lists = new Map<string, { question: string; ours: number; limit: number }[]>()
  for (const [question, ours] of many.lists) {
    const limit = few.lists.get(question)
    if (limit === undefined) continue
    const list = question.split(/[?,]/)[0]!
    const measured = lists.get(list) ?? []
    lists.set(list, measured)
    measured.push({ question, ours, limit })
  }
  for (const [list, measured] of lists) {
    const [first] = measured
    const worst = measured.reduce((a, b) => (b.ours / b.limit > a.ours / a.limit ? b : a))
    rows.push({
      name: `list of ${list}, ${million} accounts`,
      ours: `first page ${first!.ours.toFixed(1)} ms; ${worst.question}: ${worst.ours.toFixed(1)} ms`,
      limit: `${first!.limit.toFixed(1)} ms and ${worst.limit.toFixed(1)} ms with ${thousand}`,
      ratio: worst.ours / worst.limit,
      aim: 'at most 1.25 × for the worst of its pages, orders and filters',
      value: worst.ours / worst.limit,
    })
  }
  return rows
}

async function measureOffice(server: BenchServer, accounts: number, port: number) {
  const database = await server.createDatabase()
  const children: ChildProcess[] = []
  try {
    const ground = await fillOffice(database.ownerUrl, accounts)
    await startChild(
      children,
      ['server/main.ts', 'serve', '--role', 'web', '--json'],
      {
        DATABASE_URL: database.ownerUrl,
        PORT: String(port),
        LOG_LEVEL: 'error',
        RATE_LIMIT: '10000000',
        DATA_DIR: server.folder,
      },
      'address',
    )
    const lists = await measureLists(port, ground)
    const questions = await writeQuestions(database.ownerUrl)
    const search = await measureSearch(port, [ground.everywhere, ground.smallest], questions)
    return { lists, search, build: ground.build }
  } finally {
    await Promise.all(children.map(stopChild))
    await database.drop()
  }
}
