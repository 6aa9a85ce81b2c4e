import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeXlsx } from 'hucre/xlsx'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSpreadsheet } from '../../server/platform/spreadsheets.ts'
import { readRows } from '../workbooks.ts'
import { type Site, startSite, type Visit } from './site.ts'

const rows = 100_000
/** Every so many rows one is bad, in four ways in turn. */
const spoiledEvery = 1000
const spoiled = rows / spoiledEvery
const shown = (count: number) => new Intl.NumberFormat('pt-BR').format(count)

let site: Site
let folder: string
let unit: { id: string; name: string }
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zaguan-import-'))
  file = join(folder, 'clientes.xlsx')
  site = await startSite()
  unit = await site.admin.post('/business-units', {
    slug: 'importada',
    name: 'Importada',
    legal_name: 'Importada Ltda.',
    country: 'BR',
    currency: 'BRL',
    time_zone: 'America/Sao_Paulo',
    language: 'pt-BR',
    closing_day: 31,
  })
  const header = ['Código', 'Nome', 'E-mail', 'Telefone', 'Cidade', 'Cliente desde']
  await writeSpreadsheet(file, 'Clientes', header, customers())
}, 240_000)
afterAll(async () => {
  await site?.close()
  await rm(folder, { recursive: true, force: true })
})

async function* customers() {
  const since = Temporal.PlainDate.from('2020-01-31')
  for (let n = 1; n <= rows; n++) {
    const bad = n % spoiledEvery === 0 ? (n / spoiledEvery) % 4 : null
    yield [
      bad === 0 ? '' : `C-${n}`,
      bad === 1 ? '' : bad === 2 ? '=1+1' : `Assinante ${n}`,
      bad === 3 ? 'nobody@' : `assinante${n}@correio.example`,
      `+55 11 9${n}`,
      `Cidade ${n % 500}`,
      since,
    ]
  }
}

const main = (page: Page) => page.getByRole('main')

describe('an import of 100,000 rows from a workbook', () => {
  let staff: Visit
  beforeAll(async () => {
    staff = await site.visit({ language: 'pt-BR', width: 1440, as: site.admin })
  })
  afterAll(() => staff?.context.close())

  it('offers a template that explains itself in the language of the screen', async () => {
    const { page, t } = staff
    await page.goto('/office/imports')
    const download = page.waitForEvent('download')
    const kind = t('office:imports.kinds.accounts')
    await main(page)
      .getByRole('link', { name: t('office:imports.steps.template_link', { kind, format: 'Excel' }) })
      .click()
    const template = await download
    expect(template.suggestedFilename()).toBe('modelo-clientes.xlsx')
    const bytes = await readFile(await template.path())
    expect((await readRows(bytes))[0]).toContain('CPF ou CNPJ')
    expect((await readRows(bytes, t('imports:template.help'))).length).toBeGreaterThan(15)
  })

  it('is uploaded, mapped by its header, and previewed with each bad row and why', async () => {
    const { page, t } = staff
    await upload(staff, file)
    await page.getByRole('heading', { level: 1, name: 'clientes.xlsx' }).waitFor()
    await main(page)
      .getByText(t('office:imports.unused', { columns: 'Cliente desde' }))
      .waitFor()
    await page.getByRole('button', { name: t('office:imports.prepare') }).click()
    await page
      .getByRole('progressbar', { name: t('office:imports.preparing') })
      .first()
      .waitFor()
    await figure(page, t('office:imports.to_create'), shown(rows - spoiled))
    await figure(page, t('office:imports.rejected'), shown(spoiled))
    const rejects = page.getByRole('table', { name: t('office:imports.rejects') })
    for (const code of ['name_missing', 'formula_cell', 'email_invalid', 'external_id_missing'])
      await rejects
        .getByText(t(`imports:reject.${code}`))
        .first()
        .waitFor()
  })

  it('brings in the good rows, with progress, while the screen can be used', async () => {
    const { page, t } = staff
    await page.getByRole('button', { name: t('office:imports.run'), exact: true }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('office:imports.run') })
      .click()
    await page
      .getByRole('progressbar', { name: t('office:imports.running') })
      .first()
      .waitFor()
    const seen = new Set<string>()
    let slowest = 0
    for (;;) {
      const { state, rows_done } = await newest()
      if (state === 'done') break
      expect(['queued', 'running']).toContain(state)
      seen.add(String(rows_done))
      // What else the office asks meanwhile is answered soon.
      const began = performance.now()
      await site.admin.get('/accounts?limit=1&sort=number')
      slowest = Math.max(slowest, performance.now() - began)
      await page.waitForTimeout(300)
    }
    await figure(page, t('office:imports.created'), shown(rows - spoiled))
    expect(seen.size).toBeGreaterThan(3)
    expect(slowest).toBeLessThan(5000)
    const found = await site.admin.get(`/accounts?business_unit_id=${unit.id}&q=C-${rows - 1}`)
    expect(found.items[0]).toMatchObject({ name: `Assinante ${rows - 1}`, city: 'Cidade 499' })
  }, 600_000)

  it('gives back the rejected rows, which are corrected in the workbook and imported as they are', async () => {
    const { page, t } = staff
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: t('office:imports.rejects_download') }).click()
    const rejected = await download
    expect(rejected.suggestedFilename()).toBe('clientes-rejeitadas.xlsx')
    const [header, ...bad] = await readRows(await readFile(await rejected.path()))
    expect(bad).toHaveLength(spoiled)
    expect(header!.slice(6)).toEqual(
      ['row', 'reason', 'column', 'value'].map((name) => t(`imports:rejects_file.${name}`)),
    )
    expect(bad[0]!.slice(6, 8)).toEqual(['1001', t('imports:reject.name_missing')])

    // All but the last, which stays as it is.
    const corrected = bad.map((cells, at) => {
      const n = Number(cells[6]) - 1
      const [, , , phone = '', city = '', since = '', ...reason] = cells
      const own = [`C-${n}`, `Assinante ${n}`, `assinante${n}@correio.example`, phone, city, since]
      return at === bad.length - 1 ? cells : [...own, ...reason]
    })
    const path = join(folder, 'corrigidas.xlsx')
    await writeFile(path, await writeXlsx({ sheets: [{ name: 'Clientes', rows: [header!, ...corrected] }] }))
    await upload(staff, path)
    await page.getByRole('heading', { level: 1, name: 'corrigidas.xlsx' }).waitFor()
    await page.getByRole('button', { name: t('office:imports.prepare') }).click()
    await figure(page, t('office:imports.to_create'), shown(spoiled - 1))
    await page.getByRole('button', { name: t('office:imports.run'), exact: true }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('office:imports.run') })
      .click()
    await figure(page, t('office:imports.created'), shown(spoiled - 1))
    await figure(page, t('office:imports.rejected'), '1')
    expect(staff.faults).toEqual([])
  })

  it.each(['es', 'en'] as const)(
    'shows the same in %s: sheets to choose from, a file refused, the exports',
    async (language) => {
      const visit = await site.visit({ language, width: 1440, as: site.admin })
      try {
        const { page, t } = visit
        const path = join(folder, `two-${language}.xlsx`)
        const sheet = (name: string, header: string[], ...body: string[][]) => ({
          name,
          rows: [header, ...body],
        })
        const two = [
          sheet('Uno', ['id', 'name'], [`U-${language}`, 'Uno SA']),
          sheet(
            'Dos',
            ['id', 'company', 'colour'],
            [`D-${language}`, 'Dos SA', 'red'],
            ['E', 'Tres', 'blue'],
          ),
        ]
        await writeFile(path, await writeXlsx({ sheets: two }))
        await page.goto('/office/imports')
        await openUpload(visit)
        const dialog = page.getByRole('dialog')
        await dialog.locator('input[type=file]').setInputFiles({
          name: 'old.xlsx',
          mimeType: 'application/vnd.ms-excel',
          buffer: Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(100)]),
        })
        await dialog.getByRole('button', { name: t('office:imports.upload') }).click()
        await dialog.getByText(t('errors:import_file_old_excel.title')).waitFor()
        await dialog.locator('input[type=file]').setInputFiles(path)
        await dialog.getByRole('button', { name: t('office:imports.upload') }).click()
        const sheets = main(page).getByLabel(t('office:imports.sheet'), { exact: true })
        await sheets.selectOption('Dos')
        await main(page)
          .getByText(t('office:imports.unused', { columns: 'colour' }))
          .waitFor()
        expect(await sheets.inputValue()).toBe('Dos')

        await page.goto('/office/accounts')
        await page.getByRole('button', { name: t('common:table.export') }).click()
        const download = page.waitForEvent('download')
        const columns = t('common:table.export_shown')
        await page
          .getByRole('link', { name: t('common:table.export_as', { columns, format: 'CSV' }) })
          .click()
        expect((await download).suggestedFilename()).toBe('accounts.csv')
        await page.getByRole('button', { name: t('common:table.export') }).waitFor()
        // A refused upload is told in the console by the browser itself.
        expect(visit.faults.filter((fault) => !/ 422 /.test(fault))).toEqual([])
      } finally {
        await visit.context.close()
      }
    },
  )
})

/** The import that was uploaded last. */
const newest = async () => (await site.admin.get('/imports?limit=1')).items[0]

async function openUpload({ page, t }: Visit): Promise<void> {
  await page
    .getByRole('button', { name: t('office:imports.new') })
    .first()
    .click()
  await page.getByRole('dialog').getByLabel(t('office:words.unit')).selectOption({ label: unit.name })
}

async function upload(visit: Visit, path: string): Promise<void> {
  const { page, t } = visit
  await page.goto('/office/imports')
  await openUpload(visit)
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[type=file]').setInputFiles(path)
  await dialog.getByRole('button', { name: t('office:imports.upload') }).click()
}

/** Waits until one of the figures of the page has a value. */
async function figure(page: Page, label: string, value: string): Promise<void> {
  await main(page)
    .locator('dl > div')
    .filter({ has: page.locator('dt', { hasText: label }) })
    .filter({ has: page.locator('dd', { hasText: new RegExp(`^${value.replaceAll('.', '\\.')}$`) }) })
    .first()
    .waitFor()
}
