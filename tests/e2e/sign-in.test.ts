import { Secret, TOTP } from 'otpauth'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, keepBooks } from './books.ts'
import { admin, password, type Site, startSite, type Visit } from './site.ts'

// How people come in and keep their way in (A5), in real browsers; a virtual authenticator stands for the fingerprint.

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })
const part = (visit: Visit, name: string) =>
  visit.page.getByRole('region', { name: visit.t(`security:${name}.title`) })

/** Gives the browser a device that answers every question of WebAuthn with yes. */
async function giveAuthenticator({ context, page }: Visit): Promise<void> {
  const protocol = await context.newCDPSession(page)
  await protocol.send('WebAuthn.enable')
  await protocol.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

/** A quarter of an hour passes in which nobody proved who they are. */
const letProofsAge = (email: string) =>
  site.query(
    `update sessions set confirmed_at = confirmed_at - interval '16 minutes'
     where user_id in (select id from users where email = $1)`,
    [email],
  )

type SideTexts = { email: string; password: string; submit: string }
const portalTexts: SideTexts = {
  email: 'portal:field.email',
  password: 'portal:field.password',
  submit: 'portal:sign_in.submit',
}
const officeTexts: SideTexts = {
  email: 'office:signIn.email',
  password: 'office:signIn.password',
  submit: 'office:signIn.submit',
}

async function signIn({ page, t }: Visit, email: string, texts = portalTexts): Promise<void> {
  await page.getByRole('textbox', { name: t(texts.email) }).fill(email)
  await page.getByRole('textbox', { name: t(texts.password) }).fill(password)
  await page.getByRole('button', { name: t(texts.submit), exact: true }).click()
}

const atHome = ({ page, t }: Visit) =>
  page.getByRole('heading', { name: t('portal:home.needs.title') }).waitFor()

async function chooseInUserMenu({ page, t }: Visit, entry: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${t('common:user_menu')}`) }).click()
  await page.getByRole('menuitem', { name: t(entry) }).click()
}

async function openSecurity(visit: Visit): Promise<void> {
  await chooseInUserMenu(visit, 'common:entry.security')
  await heading(visit.page, visit.t('security:page.title')).waitFor()
  await part(visit, 'passkeys').waitFor()
}

async function signOut(visit: Visit): Promise<void> {
  await chooseInUserMenu(visit, 'common:action.sign_out')
  await visit.page.waitForURL(/\/sign-in/)
}

async function addPasskey(visit: Visit, name: string, proof: 'asked' | 'fresh'): Promise<void> {
  const { page, t } = visit
  await part(visit, 'passkeys')
    .getByRole('button', { name: t('security:passkeys.add') })
    .click()
  const dialog = page.getByRole('dialog', { name: t('security:passkeys.add') })
  await dialog.getByRole('textbox', { name: t('security:passkeys.name') }).fill(name)
  await dialog.getByRole('button', { name: t('security:passkeys.make') }).click()
  if (proof === 'asked') {
    const asked = page.getByRole('dialog', { name: t('security:confirm.title') })
    await asked.getByRole('textbox', { name: t('security:confirm.password') }).fill('not the password')
    await asked.getByRole('button', { name: t('security:confirm.submit') }).click()
    await asked.getByRole('alert').waitFor()
    await asked.getByRole('textbox', { name: t('security:confirm.password') }).fill(password)
    await asked.getByRole('button', { name: t('security:confirm.submit') }).click()
  }
  await part(visit, 'passkeys').getByText(name, { exact: true }).waitFor()
}

/** The code that the app shows now, or one step of time later: each is taken once. */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

/** From the QR code to the kept recovery codes, which it gives back with the secret. */
async function setUpApp({ page, t }: Visit, within: Locator): Promise<{ secret: string; codes: string[] }> {
  await within.getByRole('img', { name: t('security:totp.qr_label') }).waitFor()
  const secret = (await within.locator('[data-secret]').getAttribute('data-secret'))!
  await within.getByRole('textbox', { name: t('security:totp.code'), exact: true }).fill(codeOf(secret))
  await within.getByRole('button', { name: t('security:totp.turn_on') }).click()
  const list = within.getByRole('list', { name: t('security:recovery.title') })
  await list.waitFor()
  const codes = await list.getByRole('listitem').allTextContents()
  const done = within.getByRole('button', { name: t('security:recovery.done') })
  expect(await done.isDisabled()).toBe(true)
  await page.getByRole('checkbox', { name: t('security:recovery.kept') }).check()
  await done.click()
  return { secret, codes }
}

/** What a page complained of besides the refusals that these tests provoke. */
const realFaults = (...visits: Visit[]) =>
  visits.flatMap(({ faults }) => faults.filter((fault) => !/status of 4(01|03|10|22)/.test(fault)))

describe.each(languages)('a customer in %s', (language) => {
  let books: Books
  beforeAll(async () => {
    books = await keepBooks(site, language)
    await Promise.all(books.accounts.map(({ email }) => site.enter(email, language)))
  })

  it('adds a passkey, gives the password up and comes in with the passkey alone', async () => {
    const { email } = books.accounts[0]!
    const visit = await site.visit({ language, width: 390, height: 844 })
    const { page, t } = visit
    await giveAuthenticator(visit)
    await page.goto('/sign-in')
    await signIn(visit, email)
    await atHome(visit)
    await openSecurity(visit)
    await letProofsAge(email)
    await addPasskey(visit, 'Pocket phone', 'asked')

    await part(visit, 'password')
      .getByRole('button', { name: t('security:password.remove'), exact: true })
      .click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('security:password.remove'), exact: true })
      .click()
    await part(visit, 'password').getByText(t('security:password.is_not_set'), { exact: true }).waitFor()

    await signOut(visit)
    await page.getByRole('button', { name: t('common:entry.passkey') }).click()
    await atHome(visit)
    // The password that there was opens nothing any more.
    await expect(site.signIn('portal', email)).rejects.toThrow('401')
    expect(realFaults(visit)).toEqual([])
    await visit.context.close()
  })

  it('sets up an authenticator app, is asked for its code, and uses a recovery code once', async () => {
    const { email } = books.accounts[1]!
    const visit = await site.visit({ language, width: 390, height: 844 })
    const { page, t } = visit
    await page.goto('/sign-in')
    await signIn(visit, email)
    await atHome(visit)
    await openSecurity(visit)
    await part(visit, 'totp')
      .getByRole('button', { name: t('security:totp.set_up') })
      .click()
    const { secret, codes } = await setUpApp(visit, page.getByRole('dialog'))
    expect(new Set(codes).size).toBe(10)
    await part(visit, 'totp').getByText(t('security:totp.on'), { exact: true }).waitFor()
    await part(visit, 'totp')
      .getByText(t('security:recovery.left', { count: 10 }), { exact: true })
      .waitFor()

    await signOut(visit)
    await signIn(visit, email)
    await heading(page, t('common:entry.step_title')).waitFor()
    const code = page.getByRole('textbox', { name: t('common:entry.step_code'), exact: true })
    await code.fill('000000')
    await page.getByRole('button', { name: t('common:entry.step_submit') }).click()
    await page.getByRole('alert').waitFor()
    await code.fill(codeOf(secret, 1))
    await page.getByRole('button', { name: t('common:entry.step_submit') }).click()
    await atHome(visit)

    const spendRecoveryCode = async () => {
      await signOut(visit)
      await signIn(visit, email)
      await page.getByRole('button', { name: t('common:entry.step_use_recovery_code') }).click()
      await page.getByRole('textbox', { name: t('common:entry.step_recovery') }).fill(codes[0]!)
      await page.getByRole('button', { name: t('common:entry.step_submit') }).click()
    }
    await spendRecoveryCode()
    await atHome(visit)
    await page.getByText(t('common:entry.recovery_left', { count: 9 })).waitFor()
    await spendRecoveryCode()
    await page.getByRole('alert').waitFor()
    await heading(page, t('common:entry.step_title')).waitFor()
    expect(realFaults(visit)).toEqual([])
    await visit.context.close()
  })

  it('ends the session of a lost phone from another browser', async () => {
    const { email } = books.accounts[2]!
    const [phone, desk] = await Promise.all([
      site.visit({ language, width: 390, height: 844 }),
      site.visit({ language, width: 1440 }),
    ])
    for (const visit of [phone, desk]) {
      await visit.page.goto('/sign-in')
      await signIn(visit, email)
      await atHome(visit)
    }
    await openSecurity(desk)
    const sessions = desk.page
      .getByRole('list', { name: desk.t('security:sessions.title') })
      .getByRole('listitem')
    const own = sessions.filter({ hasText: desk.t('security:sessions.current') })
    await own.waitFor()
    const before = await sessions.count()
    // The newest of the others is the phone: the API's own session of the seeding is older.
    const others = sessions.filter({ hasNotText: desk.t('security:sessions.current') })
    for (let left = before; left > 1; left--) {
      await others
        .first()
        .getByRole('button', { name: new RegExp(`^${desk.t('security:sessions.end')}`) })
        .click()
      await until('the session is gone from the list', 15, async () => (await sessions.count()) === left - 1)
    }

    // The next thing that the phone does leads out, and says why; whoever signs in again is back where they were.
    await phone.page.getByRole('link', { name: phone.t('portal:nav.account'), exact: true }).click()
    await phone.page.getByText(phone.t('common:entry.ended'), { exact: true }).waitFor()
    await signIn(phone, email)
    await heading(phone.page, phone.t('portal:account.title')).waitFor()
    expect(realFaults(phone, desk)).toEqual([])
    await Promise.all([phone.context.close(), desk.context.close()])
  })
})

it('a customer changes the e-mail by the link that goes to the new address', async () => {
  const { accounts } = await keepAnother()
  const { email } = accounts[0]!
  const next = 'renewed@clients.example'
  await site.enter(email, 'en')
  const visit = await site.visit({ language: 'en', width: 1440 })
  const { page, t } = visit
  await page.goto('/sign-in')
  await signIn(visit, email)
  await atHome(visit)
  await openSecurity(visit)
  await part(visit, 'email')
    .getByRole('button', { name: t('security:email.change'), exact: true })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: t('security:email.new') }).fill(next)
  await dialog.getByRole('button', { name: t('security:email.send') }).click()
  await part(visit, 'email').getByText(next, { exact: true }).waitFor()
  await part(visit, 'email').getByText(t('security:email.pending'), { exact: true }).waitFor()

  const notice = await until('the link for the new address', 20, async () => {
    const { items } = await site.admin.get(`/notices?kind=email_change&q=${encodeURIComponent(next)}`)
    return items[0]?.state === 'kept' && items[0]
  })
  const { text_body } = await site.admin.get(`/notices/${notice.id}`)
  await page.goto(/https?:\S+token=\S+/.exec(text_body)![0])
  await heading(page, t('security:confirm_email.ask_title')).waitFor()
  await page.getByRole('button', { name: t('security:confirm_email.submit') }).click()
  await page.getByText(t('security:confirm_email.text', { email: next })).waitFor()
  await page.getByRole('link', { name: t('security:confirm_email.go_on') }).click()
  await atHome(visit)
  await openSecurity(visit)
  await part(visit, 'email').getByText(next, { exact: true }).waitFor()
  await part(visit, 'email').getByText(t('security:email.verified'), { exact: true }).waitFor()
  await site.signIn('portal', next)
  await expect(site.signIn('portal', email)).rejects.toThrow('401')

  // The link works once.
  await page.goto(/https?:\S+token=\S+/.exec(text_body)![0])
  await page.getByRole('button', { name: t('security:confirm_email.submit') }).click()
  await heading(page, t('security:confirm_email.invalid_title')).waitFor()
  expect(realFaults(visit)).toEqual([])
  await visit.context.close()
})

it('a refusal that comes late leads nobody from the sign-in back to it', async () => {
  const visit = await site.visit({ language: 'en', width: 1440 })
  const { page, t } = visit
  // What the page asked for before it knew that nobody is signed in is answered when the sign-in is there already.
  await page.route(
    '**/api/v1/office/today',
    async (route) => {
      const answer = await route.fetch()
      await heading(page, t('office:signIn.title')).waitFor()
      await route.fulfill({ response: answer })
    },
    { times: 1 },
  )
  const late = page.waitForResponse('**/api/v1/office/today')
  await page.goto('/office/accounts')
  await late
  await signIn(visit, admin.email, officeTexts)
  await heading(page, t('office:shell.accounts')).waitFor()
  expect(new URL(page.url()).pathname).toBe('/office/accounts')
  await visit.context.close()
})

it('staff are led to the second factor that the operator demands, and can do nothing else before', async () => {
  const email = 'rosa@operator.example'
  await site.admin.post('/staff', {
    email,
    name: 'Rosa Leal',
    language: 'en',
    role: 'support',
    all_units: true,
    units: [],
  })
  const [boss, rosa] = await Promise.all([
    site.visit({ language: 'en', width: 1440 }),
    site.visit({ language: 'en', width: 1440 }),
  ])
  await rosa.page.goto(`/office/choose-password?token=${await site.askLink('office', email)}`)
  const { t } = rosa
  const field = rosa.page.getByRole('textbox', { name: t('office:signIn.password_new') })
  await field.fill('1234567890')
  await rosa.page.getByText(t('security:password.score.1')).waitFor()
  await field.fill(password)
  await rosa.page.getByText(t('security:password.score.1')).waitFor({ state: 'detached' })
  await rosa.page.getByRole('button', { name: t('office:signIn.choose_submit') }).click()
  const areas = (visit: Visit) => visit.page.getByRole('navigation', { name: t('common:areas') })
  await areas(rosa).waitFor()

  // Who makes the rule keeps it first.
  await giveAuthenticator(boss)
  await boss.page.goto('/office/sign-in')
  await signIn(boss, admin.email, officeTexts)
  await areas(boss).waitFor()
  await openSecurity(boss)
  await addPasskey(boss, 'Desk key', 'fresh')
  await areas(boss)
    .getByRole('link', { name: t('office:shell.settings') })
    .click()
  await boss.page.getByRole('link', { name: t('office:signInSettings.tab'), exact: true }).click()
  await heading(boss.page, t('office:signInSettings.title')).waitFor()
  await boss.page.getByText('Rosa Leal').first().waitFor()
  await boss.page.getByRole('switch', { name: t('office:signInSettings.factor_label') }).click()
  await boss.page
    .getByRole('dialog')
    .getByRole('button', { name: t('office:signInSettings.factor_confirm') })
    .click()
  await boss.page.getByText(t('office:signInSettings.factor_on'), { exact: true }).waitFor()

  await areas(rosa)
    .getByRole('link', { name: new RegExp(`^${t('office:shell.accounts')}`) })
    .click()
  await heading(rosa.page, t('security:forced.title')).waitFor()
  await rosa.page.goto('/office/services')
  await heading(rosa.page, t('security:forced.title')).waitFor()
  await rosa.page.getByRole('button', { name: t('security:forced.app_title') }).click()
  await setUpApp(rosa, rosa.page.getByRole('main'))
  await heading(rosa.page, t('office:shell.services')).waitFor()
  expect(realFaults(boss, rosa)).toEqual([])

  // The rule goes away for the tests that follow, whose staff have no second factor.
  await boss.page.getByRole('switch', { name: t('office:signInSettings.factor_label') }).click()
  await boss.page.getByText(t('office:signInSettings.factor_off'), { exact: true }).waitFor()
  await Promise.all([boss.context.close(), rosa.context.close()])
})

/** One more business unit beside those of the languages. */
async function keepAnother(): Promise<Pick<Books, 'accounts'>> {
  const { items } = await site.admin.get('/business-units')
  const account = await site.admin.post('/accounts', {
    business_unit_id: items[0].id,
    name: 'Vera Fontes',
    email: 'vera@clients.example',
    language: 'en',
  })
  return {
    accounts: [{ id: account.id, email: 'vera@clients.example', name: 'Vera Fontes', subscription: null }],
  }
}
